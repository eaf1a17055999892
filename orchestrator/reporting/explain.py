"""Plans and foreign errors in people's words.

A plan is read out line by line, exactly the steps that execution walks. Errors of AWS and Terraform
that users meet again and again have an explanation and a remedy here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.planning import steps
from orchestrator.planning.steps import Plan, Step
from orchestrator.terraform.messages import EXISTS


def describe(plan: Plan) -> list[str]:
    """One numbered line per step."""
    width = max((len(step.name) for step in plan.steps), default=0)
    return [f"{number:>2}. {step.name:<{width}}  {_words(step)}" for number, step in enumerate(plan.steps, start=1)]


def _words(step: Step) -> str:  # noqa: C901 - one case per kind of step
    match step:
        case steps.StartEmulator():
            return "start the local AWS, or find the running one"
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
            return f"{unless}plan, policy gate, apply ({stack.root or 'synthesised from its blueprint file'})"
        case steps.PlanStack():
            return "plan and policy gate; nothing is applied"
        case steps.PreviewStack():
            return "plan and policy gate, for the approval"
        case steps.Approve():
            return "accept the risks by class, approve what the previews show"
        case steps.RunPipeline(force=True):
            return "run the training pipeline"
        case steps.RunPipeline():
            return "run the training pipeline if no model version is live and none waits for approval"
        case steps.StopPipelines():
            return "stop what runs of the training pipeline"
        case steps.KeepKeys():
            return "make the API keys that are missing, end those whose rotation is over"
        case steps.RemoveKeys(but=()):
            return "remove the API keys"
        case steps.RemoveKeys():
            return "remove API keys of callers that the environment file no longer names"
        case steps.Release():
            return "release it unless it runs what its file and the live version make"
        case steps.SmokeTest():
            return "probe it, directly and through the API"
        case steps.DestroyStack(stack=stack) if stack.gone:
            return "destroy: its file is gone"
        case steps.DestroyStack():
            return "destroy"
        case steps.RemoveModels(groups=groups):
            return f"remove model versions of {', '.join(groups) or 'no group'} and what the pipeline left"
        case steps.RemoveReleases(blueprints=names):
            return f"remove what releases of {', '.join(names)} left"
        case steps.RecoverStack():
            return "look for what exists and is not in its state"
        case steps.RecoverRest():
            return "look for what belongs to no stack"
        case steps.AuditOrphans(deployed=True):
            return "look for anything with the environment's tags that no state holds"
        case steps.AuditOrphans():
            return "look for anything left that has the environment's tags or name"
        case _:
            raise AssertionError(f"no words for {type(step).__name__}")


@dataclass(frozen=True)
class Remedy:
    pattern: str
    meaning: str
    remedy: str


REMEDIES = (
    Remedy(
        r"Error acquiring the state lock|PreconditionFailed.*lock",
        "another run holds the state lock, or one died while it held it",
        "`orchestrator unlock ENV` says who, since when, and whether that process lives, and frees locks of dead ones",
    ),
    Remedy(
        r"Failed to query available provider packages|no available releases match",
        "terraform found the AWS provider neither in the registry nor in an offline mirror",
        "run `make setup`; it looks for both and writes the configuration that terraform uses",
    ),
    Remedy(
        r"Inconsistent dependency lock file|doesn't match any of the checksums",
        "the provider differs from the one that the committed lock file names",
        "use the provider version of terraform/.terraform.lock.hcl; change versions there, not by hand",
    ),
    Remedy(
        r"does not support (resource type|data source)|Invalid (resource type|data source)",
        "the type is misspelt, or it stands nowhere in `terraform/` and so the warm provider does not know it",
        "correct the type, or run with `--plain-provider`, which knows all types",
    ),
    Remedy(
        r"ExpiredToken|token included in the request is expired",
        "the AWS session has expired",
        "log in again (`aws sso login`) and repeat the command: it continues where things stand",
    ),
    Remedy(
        r"InvalidClientTokenId|security token included in the request is invalid|SignatureDoesNotMatch",
        "AWS does not know these credentials",
        "check AWS_PROFILE or the AWS_* variables; `aws sts get-caller-identity` must answer",
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
        "the deploying role lacks a permission, or a boundary or SCP takes it away",
        "the message names action and resource; compare with the deploy role's policy and the account's SCPs",
    ),
    Remedy(
        r"ResourceLimitExceeded|ServiceQuotaExceeded|LimitExceededException",
        "a service quota is used up; new accounts often have 0 SageMaker instances",
        "request an increase in Service Quotas, or choose another instance_type",
    ),
    Remedy(
        r"BucketAlreadyExists",
        "another AWS account owns a bucket of this name",
        "set another `project` in platform.yaml: bucket names carry it",
    ),
    Remedy(
        EXISTS,
        "a resource of that name exists and is in no state: a run was killed, or somebody made it by hand",
        "`orchestrator recover ENV` lists everything like it, with where it belongs, and imports or removes it",
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
        "free some space; `build/` and `.runs/` can be deleted, they are made anew",
    ),
    Remedy(
        r"DependencyViolation|has dependencies and cannot be deleted",
        "something not made here still uses the resource (often a Lambda's network interface)",
        "wait up to an hour for AWS to release it, then repeat `orchestrator destroy ENV`",
    ),
)


def in_environment(text: str, environment: str) -> str:
    """Commands as they are typed: what was written without knowing the environment says `ENV`."""
    return re.sub(r"\bENV\b", environment, text)


def remedy(text: str) -> Remedy | None:
    """The first known remedy for an error's text."""
    return next((each for each in REMEDIES if re.search(each.pattern, text, re.IGNORECASE | re.DOTALL)), None)
