"""Describe plans, and explain frequent errors of AWS and Terraform.

A plan is described line by line, with exactly the steps that are executed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.planning import steps
from orchestrator.planning.steps import Plan, Step
from orchestrator.terraform.messages import EXISTS


def describe(plan: Plan) -> list[str]:
    """Describe each step in a numbered line."""
    width = max((len(step.name) for step in plan.steps), default=0)
    return [f"{number:>2}. {step.name:<{width}}  {_words(step)}" for number, step in enumerate(plan.steps, start=1)]


def _words(step: Step) -> str:  # noqa: C901 - one case per kind of step
    match step:
        case steps.StartEmulator():
            return "start the local AWS, if it is not running"
        case steps.CheckAccount():
            return "check credentials and account"
        case steps.BuildPackages():
            return "build Lambda and job packages"
        case steps.ScanSource():
            return "policy gate on the Terraform source"
        case steps.OpenState(create=True):
            return "prepare the state bucket, read what is deployed"
        case steps.OpenState():
            return "read what is deployed"
        case steps.DeployStack(stack=stack, skip=skip):
            unless = "if not proven: " if skip else ""
            return f"{unless}plan, policy gate, apply ({stack.root or f'synthesised from its {stack.output} file'})"
        case steps.PlanStack():
            return "plan and policy gate; nothing is applied"
        case steps.PreviewStack():
            return "plan and policy gate, for the approval"
        case steps.Approve():
            return "require accepted risks and approval of the previews"
        case steps.RunPipeline(force=True):
            return "run the training pipeline"
        case steps.RunPipeline():
            return "run the training pipeline if no model version is live and none waits for approval"
        case steps.StopPipelines():
            return "stop executions of the training pipeline"
        case steps.KeepKeys():
            return "create missing API keys, remove those whose rotation has ended"
        case steps.RemoveKeys(but=()):
            return "remove the API keys"
        case steps.RemoveKeys():
            return "remove API keys that are no longer in the environment file"
        case steps.Release():
            return "release the live version, unless the endpoint is up to date"
        case steps.SmokeTest():
            return "smoke-test it, directly and through the API"
        case steps.DestroyStack(stack=stack) if stack.gone:
            return "destroy: its file is gone"
        case steps.DestroyStack():
            return "destroy"
        case steps.RemoveModels(groups=groups):
            return f"remove model versions of {', '.join(groups) or 'no group'} and resources that the pipeline created"
        case steps.RemoveReleases(blueprints=names):
            return f"remove resources that releases of {', '.join(names)} created"
        case steps.RecoverStack():
            return "find resources that exist but are not in its state"
        case steps.RecoverRest():
            return "find resources that belong to no stack"
        case steps.AuditOrphans(deployed=True):
            return "find resources with the environment's tags that are in no state"
        case steps.AuditOrphans():
            return "find leftover resources with the environment's tags or name"
        case _:
            raise AssertionError(f"no description of {type(step).__name__}")


@dataclass(frozen=True)
class Remedy:
    pattern: str
    meaning: str
    remedy: str


REMEDIES = (
    Remedy(
        r"Error acquiring the state lock|PreconditionFailed.*lock",
        "another run holds the state lock, or one died while it held it",
        "`orchestrator unlock ENV` shows the holder and whether it is alive, and releases locks of dead holders",
    ),
    Remedy(
        r"Failed to query available provider packages|no available releases match",
        "terraform found the AWS provider neither in the registry nor in an offline mirror",
        "run `make setup`, which checks both and writes terraform's configuration",
    ),
    Remedy(
        r"Inconsistent dependency lock file|doesn't match any of the checksums",
        "the provider differs from the one that the committed lock file names",
        "use the provider version of terraform/.terraform.lock.hcl",
    ),
    Remedy(
        r"does not support (resource type|data source)|Invalid (resource type|data source)",
        "the type is misspelt, or the warm provider lacks it because nothing in `terraform/` uses it",
        "correct the type, or run with `--plain-provider`, which knows all types",
    ),
    Remedy(
        r"ExpiredToken|token included in the request is expired",
        "the AWS session has expired",
        "log in again (`aws sso login`) and repeat the command, which continues from there",
    ),
    Remedy(
        r"InvalidClientTokenId|security token included in the request is invalid|SignatureDoesNotMatch",
        "AWS rejected these credentials",
        "check AWS_PROFILE or the AWS_* variables; `aws sts get-caller-identity` must succeed",
    ),
    Remedy(
        r"bedrock.*AccessDenied|don't have access to the model",
        "this account has no access to the Bedrock model yet",
        "request it in the Bedrock console (Model access), in the region of platform.yaml",
    ),
    Remedy(
        r"on-demand throughput isn.t supported",
        "this Bedrock model is served through inference profiles only",
        "set `model.model_id` of the blueprint to a profile id, for example us.<model id>",
    ),
    Remedy(
        r"AccessDenied|UnauthorizedOperation|not authorized to perform",
        "the deploying role lacks a permission, or a permissions boundary or SCP denies it",
        "compare the action and resource in the message with the deploy role's policy and the account's SCPs",
    ),
    Remedy(
        r"ResourceLimitExceeded|ServiceQuotaExceeded|LimitExceededException",
        "a service quota is used up; new accounts often have 0 SageMaker instances",
        "request an increase in Service Quotas, or choose another instance_type",
    ),
    Remedy(
        r"BucketAlreadyExists",
        "another AWS account owns a bucket of this name",
        "set another `project` in platform.yaml, which is part of bucket names",
    ),
    Remedy(
        EXISTS,
        "a resource with that name exists but is in no state: a run was killed, or it was created by hand",
        "`orchestrator recover ENV` lists such resources with their stacks, and imports or removes them",
    ),
    Remedy(
        r"ThrottlingException|TooManyRequests|Rate exceeded",
        "AWS throttles the calls",
        "lower `limits.parallelism` in platform.yaml and repeat",
    ),
    Remedy(
        r"connection refused|Could not connect to the endpoint|connection reset by peer",
        "the endpoint does not answer",
        "for local: `orchestrator emulator status` and `orchestrator emulator logs`; else check the network",
    ),
    Remedy(
        r"no space left on device",
        "the disk is full",
        "free some space; `build/` and `.runs/` can be deleted, they are recreated",
    ),
    Remedy(
        r"DependencyViolation|has dependencies and cannot be deleted",
        "a resource outside this state still uses it (often a Lambda function's network interface)",
        "wait up to an hour for AWS to release it, then repeat `orchestrator destroy ENV`",
    ),
)


def in_environment(text: str, environment: str) -> str:
    """Replace `ENV` in a command with the name of the environment."""
    return re.sub(r"\bENV\b", environment, text)


def remedy(text: str) -> Remedy | None:
    """Find the first known remedy for an error message."""
    return next((each for each in REMEDIES if re.search(each.pattern, text, re.IGNORECASE | re.DOTALL)), None)
