"""What each Terraform root receives: configuration, packages and upstream outputs as one set of values.

Pure. The result is written to `values.tfvars.json`, for the orchestrator and for terraform run by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.blueprints.matrix import packages_of
from orchestrator.config.model.platform import Blueprint, Dataset, Described, Environment
from orchestrator.config.rules.platform import MODEL_GROUPS
from orchestrator.core.package import Package
from orchestrator.core.state import State
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.planning.graph import DATASET, Stack

LOCAL_PROVIDER = {"s3_use_path_style": True, "max_retries": 25}
"""The emulator has no bucket host names."""
AWS_PROVIDER = {"s3_use_path_style": False, "max_retries": 25}

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}

NEVER = "never"
"""The day on which a permanent environment expires."""
FIXED_SIZE = {"endpoint-size": "fixed"}
"""Tells the policies that the environment allows it: a plan does not contain the environment's file."""

MODEL_VERSION_KEYS = ("model_package_arn", "model_data_url", "image")
HASH_KEY = "files_sha256"
"""Key of versions whose archive was registered by its hash; older versions lack it."""


@dataclass(frozen=True)
class Facts:
    """Everything that values are made of, besides the configuration."""

    account_id: str
    emulated: bool
    packages: Mapping[str, Package] = field(default_factory=dict)
    outputs: Mapping[str, Json] = field(default_factory=dict)
    """Stack to its published object."""
    model_versions: Mapping[str, Json] = field(default_factory=dict)
    """Model package group to its live version."""


def published(stack: Stack, state: State) -> Json | None:
    """Return the one object that a stack publishes: the output named after its phase, or `blueprint`."""
    value = state.outputs.get(stack.output)
    return value if isinstance(value, dict) else None


def live_parameter(environment: Environment, group: str) -> str:
    """Return the name of the SSM parameter that holds the live version of a model group."""
    return f"/{environment.platform.project}/{environment.name}/models/{group}/live"


def approval_tokens(environment: Environment, group: str) -> str:
    """Return the path of the SSM parameters, one per version of a group, with the tokens of waiting executions."""
    return f"/{environment.platform.project}/{environment.name}/approvals/{group}"


def training_machine(environment: Environment, group: str) -> str | None:
    """Return the name of the state machine that trains the models of a group; `None` if none does."""
    if any(training.name == group for training in environment.trainings):
        return f"{environment.name_prefix}-{group}-training"
    return f"{environment.name_prefix}-training" if group in MODEL_GROUPS else None


def partition(region: str) -> str:
    """Return the partition in the ARNs of a region."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def state_bucket(environment: Environment, account_id: str) -> str:
    return f"{environment.name_prefix}-tfstate-{account_id}-{environment.platform.region}"


def tags(environment: Environment, phase: str | None = None) -> dict[str, str]:
    """Return the tags of every resource; cost reports and the orphan audit read them."""
    platform = environment.platform
    own = {
        "project": platform.project,
        "environment": environment.name,
        "owner": platform.owner,
        "cost-center": platform.cost_center,
        "managed-by": "terraform",
    }
    if phase:
        own["phase"] = phase
    if platform.expires_at:
        own["expires-at"] = platform.expires_at.isoformat()
    elif platform.permanent:
        own["expires-at"] = NEVER
    return {**platform.tags, **own}


def context(environment: Environment, stack: Stack, account_id: str) -> Json:
    platform = environment.platform
    return {
        "project": platform.project,
        "environment": environment.name,
        "region": platform.region,
        "account_id": account_id,
        "name_prefix": environment.name_prefix,
        "protected": platform.protected,
        "tags": {**tags(environment, stack.phase), **(FIXED_SIZE if _keeps_its_size(environment, stack) else {})},
        "log_retention_days": platform.monitoring.log_retention_days,
    }


def _keeps_its_size(environment: Environment, stack: Stack) -> bool:
    """Whether an endpoint of this stack does not scale, and its environment's file allows that."""
    if not stack.blueprint or not environment.allows_fixed_size:
        return False
    blueprint = blueprint_of(environment, stack.blueprint)
    return blueprint.kind == "realtime" and is_released(blueprint) and blueprint.autoscaling is None


def tfvars(environment: Environment, stack: Stack, facts: Facts) -> Json:
    """Return all variables of one stack.

    Raises:
        PlatformError: an upstream stack is not deployed.
    """
    values: Json = {
        "context": context(environment, stack, facts.account_id),
        "provider_options": dict(LOCAL_PROVIDER if facts.emulated else AWS_PROVIDER),
    }
    for name in stack.values:
        if name == "packages":
            values[name] = _packages(environment, stack, facts)
        elif name == "blueprints":
            values[name] = {each.name: _monitored(environment, each) for each in environment.blueprints}
        elif name == "trainings":
            values[name] = [each.name for each in environment.trainings]
        elif name not in values:
            values[name] = getattr(environment.platform, name).model_dump(mode="json")
    for name in stack.upstream:
        if name not in facts.outputs:
            raise PlatformError(
                f"stack `{stack.name}` needs the outputs of `{name}`, which is not deployed",
                hint=f"deploy it first: `orchestrator phase rollout {environment.name} --phase {name}`",
            )
        values["dataset" if name.startswith(DATASET) else name] = facts.outputs[name]
    if stack.blueprint:
        values.update(_model_version(environment, stack.blueprint, facts))
    return values


def blueprint_of(environment: Environment, name: str) -> Blueprint:
    return next(each for each in environment.blueprints if each.name == name)


def dataset_of(environment: Environment, training: str) -> Dataset:
    """Return the dataset of a training."""
    used = next(each.dataset for each in environment.trainings if each.name == training)
    return next(each for each in environment.datasets if each.name == used)


def file_of(environment: Environment, stack: Stack) -> Described:
    """Return the file of the environment that a synthesised stack is made from."""
    files: tuple[tuple[Described, ...], str | None]
    for files in (
        (environment.blueprints, stack.blueprint),
        (environment.trainings, stack.training),
        (environment.datasets, stack.dataset),
    ):
        if files[1] is not None:
            return next(each for each in files[0] if each.name == files[1])
    raise PlatformError(f"stack `{stack.name}` has no file in environment `{environment.name}`")


def is_released(blueprint: Blueprint) -> bool:
    """Whether later model versions reach the blueprint through releases: SageMaker's endpoints and batch jobs."""
    return blueprint.model.source == "sagemaker"


def waits_for(environment: Environment, stack: Stack, facts: Facts) -> str | None:
    """Return the model group whose first approved version this stack waits for."""
    if not stack.blueprint:
        return None
    model = blueprint_of(environment, stack.blueprint).model
    return model.group if model.source == "sagemaker" and model.group not in facts.model_versions else None


def _packages(environment: Environment, stack: Stack, facts: Facts) -> Json:
    """Return the packages of a stack; for a blueprint only those that it deploys, since others change without it."""
    keys = packages_of(file_of(environment, stack)) if stack.root is None else tuple(facts.packages)
    return {key: _package(facts.packages[key]) for key in sorted(keys) if key in facts.packages}


def _package(package: Package) -> Json:
    return {"path": str(package.path), "sha256_base64": package.sha256_base64}


def _monitored(environment: Environment, blueprint: Blueprint) -> Json:
    """Describe one blueprint for monitoring.

    The name of an endpoint is known before the endpoint exists, and an alarm may refer to a metric without data; so
    monitoring does not wait for the blueprints. A batch blueprint has no endpoint.
    """
    has_endpoint = blueprint.model.source == "sagemaker" and blueprint.kind != "batch"
    endpoint = f"{environment.name_prefix}-{blueprint.name}" if has_endpoint else None
    return {"kind": blueprint.kind, "source": blueprint.model.source, "endpoint_name": endpoint}


def _model_version(environment: Environment, name: str, facts: Facts) -> Json:
    model = blueprint_of(environment, name).model
    if model.source != "sagemaker":
        return {}
    version = facts.model_versions[model.group]
    hashed = {HASH_KEY: version[HASH_KEY]} if HASH_KEY in version else {}
    return {"model_version": {key: version[key] for key in MODEL_VERSION_KEYS} | hashed}


def example_model_version(environment: Environment, group: str, account_id: str) -> Json:
    """Return an example of a live version for previews: valid in form, never applied."""
    region = environment.platform.region
    prefix = environment.name_prefix
    digest = "0" * 64
    return {
        "model_package_arn": f"arn:aws:sagemaker:{region}:{account_id}:model-package/{prefix}-{group}/1",
        "model_data_url": f"s3://{prefix}-data-{account_id}-{region}/artifacts/models/registered/{digest}/model.tar.gz",
        "image": f"683313688378.dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
        HASH_KEY: digest,
    }
