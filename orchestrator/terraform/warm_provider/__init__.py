"""A warm Terraform provider for the local environment and for tests.

Every terraform command starts the AWS provider several times, and each start costs seconds: hashing
a 700 MB binary, sending a 5 MB schema, validating the provider block. Terraform can be told to
attach to a running provider instead (`TF_REATTACH_PROVIDERS`, made for provider developers). One
background process per checkout keeps such providers and stands in front of them:

* it answers `GetSchema` from memory or from what an earlier server kept, narrowed to the resource types that the
  code uses, and to those of the stack's own where a type's schema is large;
* it does not ask twice whether the same resource is valid, once the provider had nothing against it;
* it echoes `PrepareProviderConfig`;
* it passes `Stop` on only to a provider that nobody else is using, and after a moment of grace, so that
  an interrupted run cannot cancel the calls of another one;
* it gives each distinct provider configuration that is in use a provider process of its own.

Never with a real account: `client.attach` and the server both refuse an environment whose endpoint
is not loopback or whose keys are not the dummy ones. `--plain-provider` goes without.
"""
