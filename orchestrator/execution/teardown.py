"""Remove what `terraform destroy` does not: objects that pipelines and releases made; and list what is left."""

from __future__ import annotations

import re
from typing import Any

from orchestrator.aws.client import pages, unless_gone
from orchestrator.errors import PlatformError, RemainsLeft
from orchestrator.planning.steps import AuditOrphans
from orchestrator.planning.values import approval_tokens, live_parameter
from orchestrator.recovery import remains
from orchestrator.session.session import Session

_ENDPOINT_LOGS = "/aws/sagemaker/Endpoints"


def stop_pipelines(session: Session, stack: str, step: str) -> None:
    """Stop the pipeline's executions: one may wait weeks for approval, and its state machine would exist as long."""
    machine = session.results.outputs.get(stack, {}).get("stepfunctions", {}).get("state_machine_arn")
    stopped = session.tools.stop_pipelines(session.target.cloud, str(machine)) if machine else 0
    session.journal.stage(step, f"{stopped} executions of the pipeline stopped")


def remove_models(session: Session, groups: tuple[str, ...], step: str) -> None:
    """Remove candidates of interrupted pipelines, objects of releases, model versions and their parameters."""
    cloud, environment = session.target.cloud, session.environment
    sagemaker = cloud.client("sagemaker")
    removed = _remove_candidates(session) + _remove_releases(session)
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


def _remove_candidates(session: Session) -> int:
    """Remove candidates that interrupted pipelines left, and the logs of all candidates' endpoints.

    SageMaker creates a log group when an endpoint's container first writes, and never deletes it.
    """
    sagemaker, logs = session.target.cloud.client("sagemaker"), session.target.cloud.client("logs")
    prefix, removed = f"{session.environment.name_prefix}-candidate-", 0
    for operation, key, name_key, delete in (
        ("list_endpoints", "Endpoints", "EndpointName", "delete_endpoint"),
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", "delete_endpoint_config"),
        ("list_models", "Models", "ModelName", "delete_model"),
    ):
        names = [item[name_key] for item in pages(sagemaker, operation, key, NameContains=prefix)]
        own = [name for name in names if name.startswith(prefix)]
        for name in own:
            unless_gone(getattr(sagemaker, delete), **{name_key: name})
            removed += 1
        if operation == "list_endpoints":
            # Until it is gone, its container could write and so create the log group again.
            for name in own:
                sagemaker.get_waiter(waiter_name="endpoint_deleted").wait(EndpointName=name)
    groups = pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=f"{_ENDPOINT_LOGS}/{prefix}")
    for group in groups:
        unless_gone(logs.delete_log_group, logGroupName=group["logGroupName"])
    return removed + len(groups)


def remove_releases(session: Session, blueprints: tuple[str, ...], step: str) -> None:
    """Remove what releases of single blueprints made, once their endpoints are gone."""
    removed = sum(_remove_releases(session, name) for name in blueprints)
    session.journal.stage(step, f"{removed} objects of releases removed")


def _remove_releases(session: Session, blueprint: str | None = None) -> int:
    """Remove models, configurations and records of releases, of one blueprint or of all.

    The tags decide which environment they belong to: names of another environment may start with the same prefix.
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
    registry = session.results.outputs.get("foundation", {}).get("model_registry", {})
    name = registry.get("group_names", {}).get(group)
    if name is None:
        return []  # the group is deleted, which requires that its versions were deleted before
    packages = pages(sagemaker, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=name)
    return [package["ModelPackageArn"] for package in packages]


def report_orphans(session: Session, step: AuditOrphans) -> None:
    """List resources that no state holds; after `destroy`, fail if there are any.

    Raises:
        RemainsLeft: resources are left after `destroy`. After a deployment they are a warning: a killed run left
            them, and they cost money, but this run does not depend on them.
    """
    name, results = session.environment.name, session.results
    if step.deployed:
        try:
            results.orphans = _untracked(session)
        except PlatformError as error:
            results.warn(f"cannot check for leftover resources: {error.message}")
            return
    else:
        results.orphans = _remaining(session)
        bucket = session.target.store.bucket
        session.journal.stage(step.name, f"kept on purpose: the state bucket {bucket} and its key, alias/{bucket}")
    if not results.orphans:
        return
    message = f"{remains.message(name, len(results.orphans))}: {remains.named(results.orphans)}"
    if not step.deployed:
        raise RemainsLeft(message, hint=remains.hint(name))
    results.warn(f"{message}; {remains.hint(name)}")


def _remaining(session: Session) -> tuple[str, ...]:
    """Return the ARNs of all that is left of the environment; warn about what could not be listed."""
    listed = remains.look(session.target.cloud, session.environment, session.neighbours)
    for each in listed.unseen:
        session.results.warn(f"the audit could not list {each}")
    return tuple(sorted(each.arn for each in listed.remains))


def _untracked(session: Session) -> tuple[str, ...]:
    """Return the ARNs of what carries the environment's tags and is in no state."""
    tagged = remains.look(session.target.cloud, session.environment, names=False).remains
    left = remains.astray(session.target.store, session.environment, tagged)
    return tuple(sorted(each.arn for each in left))


def _identity(session: Session) -> dict[str, str]:
    return {"project": session.environment.platform.project, "environment": session.environment.name}
