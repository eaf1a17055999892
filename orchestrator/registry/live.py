"""Take an approved version live that no pipeline has trained: what the last steps of a training do, from here."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from orchestrator.aws.client import error_code, explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.registry import functions
from orchestrator.registry.model import IMPORTED, Group
from orchestrator.release.execution import follow, started_by
from orchestrator.release.model import ReleaseResult
from orchestrator.release.standing import read_parameter


def is_imported(version: Json) -> bool:
    """Return whether a version, as SageMaker describes it, was imported."""
    return IMPORTED in version.get("CustomerMetadataProperties", {})


def go_live(cloud: Cloud, group: Group, version: Json, on_event: EventSink) -> tuple[ReleaseResult, ...]:
    """Make a version the live one, release it to the endpoints of its group, and wait for them.

    Args:
        version: as SageMaker describes it.

    Raises:
        PlatformError: its archive is not the one that was registered.
        ReleaseFailed: the releases could not be started.
    """
    arn, properties = str(version["ModelPackageArn"]), version["CustomerMetadataProperties"]
    [container, *_] = version["InferenceSpecification"]["Containers"]
    functions.call(
        cloud, group, action="verify", model_data_url=container["ModelDataUrl"], sha256=properties["model_sha256"]
    )
    former = read_parameter(cloud, group.live_parameter) or {}
    live = {
        "model_package_arn": arn,
        "model_data_url": container["ModelDataUrl"],
        "sha256": properties["model_sha256"],
        "files_sha256": properties["model_files_sha256"],
        "image": container["Image"],
        # The same keys as those of a trained version; there was no job, no execution, and no data.
        "training_job": "",
        "execution_arn": "",
        "data_fingerprint": "",
        "metrics": {},
    }
    with explained(cloud, f"write {group.live_parameter}", ReleaseFailed):
        cloud.client("ssm").put_parameter(
            Name=group.live_parameter, Type="String", Overwrite=True, Value=json.dumps(live)
        )
    on_event(_event(f"{group.live_parameter} names version {arn.rsplit('/', 1)[-1]}"))
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    _stage(cloud, arn, Stage="Production", StageStatus="Approved", StageDescription=f"Live since {now}")
    previous = former.get("model_package_arn")
    if previous and previous != arn:
        _stage(cloud, str(previous), Stage="Archived", StageStatus="Retired", StageDescription=f"Followed by {arn}")
    return _released(cloud, group, arn, on_event)


def _stage(cloud: Cloud, arn: str, **stage: str) -> None:
    with explained(cloud, f"update {arn}", ReleaseFailed):
        cloud.client("sagemaker").update_model_package(ModelPackageArn=arn, ModelLifeCycle=stage)


def _released(cloud: Cloud, group: Group, arn: str, on_event: EventSink) -> tuple[ReleaseResult, ...]:
    partition, region, account = arn.split(":")[1], arn.split(":")[3], arn.split(":")[4]
    machine = f"arn:{partition}:states:{region}:{account}:stateMachine:{group.prefix}-release"
    document = {"model_package_group_name": group.full_name}
    try:
        with explained(cloud, f"start {machine}", ReleaseFailed):
            started = cloud.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(document))
    except PlatformError as error:
        # Releases are deployed after models: without them there is no endpoint either.
        if error_code(error.__cause__) == "StateMachineDoesNotExist":
            return ()
        raise
    children = started_by(cloud, str(started["executionArn"]))
    return tuple(follow(cloud, child, blueprint, on_event) for child, blueprint in children.items())


def _event(message: str) -> Json:
    return {"type": "release", "@message": message}
