"""What `destroy` has to do beside terraform: remove what the pipeline made, and look for what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from orchestrator import api_keys
from orchestrator.session import Session
from orchestrator.tools.aws import pages, unless_gone
from orchestrator.tools.interfaces import Cloud
from orchestrator.values import approval_tokens, live_parameter

_KEPT_BY_AWS = (":training-job/", ":processing-job/", ":transform-job/", ":model-invocation-job/")
"""Job records: AWS keeps them, nobody can delete them, they cost nothing."""


def stop_pipelines(session: Session, stack: str, step: str) -> None:
    """Stop the pipeline's executions: one may wait for a person for weeks, and its state machine would stay as long."""
    machine = session.outputs.get(stack, {}).get("stepfunctions", {}).get("state_machine_arn")
    stopped = session.tools.stop_pipelines(session.target.cloud, str(machine)) if machine else 0
    session.journal.stage(step, f"{stopped} executions of the pipeline stopped")


def remove_models(session: Session, groups: tuple[str, ...], step: str) -> None:
    """Candidates of interrupted pipelines, what releases made, model versions, and the live version's parameter."""
    cloud, environment = session.target.cloud, session.environment
    prefix = f"{environment.name_prefix}-candidate"
    sagemaker = cloud.client("sagemaker")
    removed = 0
    for operation, key, name_key, delete in (
        ("list_endpoints", "Endpoints", "EndpointName", "delete_endpoint"),
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", "delete_endpoint_config"),
        ("list_models", "Models", "ModelName", "delete_model"),
    ):
        for item in pages(sagemaker, operation, key, NameContains=prefix):
            unless_gone(getattr(sagemaker, delete), **{name_key: item[name_key]})
            removed += 1
    removed += _remove_releases(session)
    for group in groups:
        for package in _packages(session, sagemaker, group):
            unless_gone(sagemaker.delete_model_package, ModelPackageName=package)
            removed += 1
        ssm = cloud.client("ssm")
        unless_gone(ssm.delete_parameter, Name=live_parameter(environment, group))
        # Of executions that were stopped while they waited.
        for token in pages(ssm, "get_parameters_by_path", "Parameters", Path=approval_tokens(environment, group)):
            unless_gone(ssm.delete_parameter, Name=token["Name"])
            removed += 1
    session.journal.stage(step, f"{removed} objects of the pipeline removed")


def remove_releases(session: Session, blueprints: tuple[str, ...], step: str) -> None:
    """What the releases of single blueprints made, once their endpoints are gone."""
    removed = sum(_remove_releases(session, name) for name in blueprints)
    session.journal.stage(step, f"{removed} objects of releases removed")


def _remove_releases(session: Session, blueprint: str | None = None) -> int:
    """Models and configurations that releases made, and what they noted; of one blueprint, or of all.

    Names alone do not tell whose they are: another environment's may begin like ours, so the tags decide.
    """
    sagemaker, own, removed = session.target.cloud.client("sagemaker"), set(_identity(session).items()), 0
    prefix = f"{session.environment.name_prefix}-{blueprint or ''}"
    named = re.compile(rf"{re.escape(prefix)}{'' if blueprint else '.+'}-[0-9a-f]{{8}}-v\d+")
    for operation, key, kind, delete in (
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig", sagemaker.delete_endpoint_config),
        ("list_models", "Models", "Model", sagemaker.delete_model),
    ):
        for item in pages(sagemaker, operation, key, NameContains=prefix):
            name = item[f"{kind}Name"]
            if named.fullmatch(name) and own <= _tags(sagemaker, item[f"{kind}Arn"]):
                unless_gone(delete, **{f"{kind}Name": name})
                removed += 1
    ssm = session.target.cloud.client("ssm")
    path = f"/{session.environment.platform.project}/{session.environment.name}/releases"
    for kind in ("records", "locks"):
        for parameter in pages(ssm, "get_parameters_by_path", "Parameters", Path=f"{path}/{kind}"):
            if blueprint in (None, parameter["Name"].rsplit("/", 1)[-1]):
                unless_gone(ssm.delete_parameter, Name=parameter["Name"])
                removed += 1
    return removed


def _tags(sagemaker: Any, arn: str) -> set[tuple[str, str]]:
    return {(tag["Key"], tag["Value"]) for tag in pages(sagemaker, "list_tags", "Tags", ResourceArn=arn)}


def _packages(session: Session, sagemaker: Any, group: str) -> list[str]:
    registry = session.outputs.get("foundation", {}).get("model_registry", {})
    name = registry.get("group_names", {}).get(group)
    if name is None:
        return []  # the group is gone, and a group cannot go before its versions
    packages = pages(sagemaker, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=name)
    return [package["ModelPackageArn"] for package in packages]


def audit(session: Session) -> list[str]:
    """ARNs that still carry the environment's tags and should be gone; the state bucket and its key stay."""
    cloud, store = session.target.cloud, session.target.store
    expected = {f"arn:aws:s3:::{store.bucket}", store.key_arn}
    # The local tagging API knows neither API keys nor parameters.
    owner = api_keys.Owner.of(session.environment)
    found = {*_tagged(session), *_roles(session), *api_keys.left(cloud, owner)}
    return sorted(arn for arn in found if arn not in expected and not _leaving(cloud, arn))


def _identity(session: Session) -> dict[str, str]:
    return {"project": session.environment.platform.project, "environment": session.environment.name}


def _tagged(session: Session) -> Iterator[str]:
    filters = [{"Key": key, "Values": [value]} for key, value in _identity(session).items()]
    client = session.target.cloud.client("resourcegroupstaggingapi")
    for item in pages(client, "get_resources", "ResourceTagMappingList", TagFilters=filters):
        yield str(item["ResourceARN"])


def _roles(session: Session) -> Iterator[str]:
    """The tagging API knows no roles, on no account; so IAM is asked for those that are named after us."""
    iam, identity = session.target.cloud.client("iam"), set(_identity(session).items())
    for role in pages(iam, "list_roles", "Roles"):
        if role["RoleName"].startswith(f"{session.environment.name_prefix}-"):
            tags = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
            # Another environment's name may begin like ours: the tags decide.
            if identity <= {(tag["Key"], tag["Value"]) for tag in tags}:
                yield str(role["Arn"])


def _leaving(cloud: Cloud, arn: str) -> bool:
    """Already on its way out, or a record that stays."""
    if ":kms:" in arn and ":key/" in arn:
        key = cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
        return bool(key["KeyState"] == "PendingDeletion")
    return any(part in arn for part in _KEPT_BY_AWS)
