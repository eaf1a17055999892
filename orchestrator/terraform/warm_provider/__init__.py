"""A warm Terraform provider for the local environment and for tests.

Every terraform command starts the AWS provider several times, and each start takes seconds: hashing a 700 MB binary,
sending a 5 MB schema, validating the provider block. Terraform can attach to a running provider instead
(`TF_REATTACH_PROVIDERS`, made for provider developers). One background process per checkout runs such providers and is
a proxy for them:

* it serves `GetSchema` from memory or from an earlier server's file, narrowed to the resource types that the code
  uses; large types are included only for stacks that use them;
* it validates the same resource only once, unless the provider returned diagnostics;
* it echoes `PrepareProviderConfig`;
* it forwards `Stop` only to a provider without other users, and after a grace period, so that an interrupted run
  cannot cancel the calls of another one;
* it runs a separate provider process for each distinct configuration in use.

Never with a real account: `client.attach` and the server both refuse an environment whose endpoint is not loopback or
whose keys are not the local AWS's. `--plain-provider` disables it.
"""
