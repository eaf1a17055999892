"""Events of AWS's services, in the shapes that AWS documents. Moto sends only those of S3.

Patches that run jobs call `training`, `processing`, `transform`, `endpoint`, `job_run`, `crawl` when a state changes;
the rest is wrapped here. An event that no rule could match is not composed.
"""

from __future__ import annotations

import itertools
import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.s3 import notifications
from moto.sagemaker.models import SageMakerModelBackend
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.utilities.arns import parse_arn

from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.moto.patching import replace, wrap
from emulator.services.events.moto_bus import emit, has_listener

LOG = logging.getLogger(__name__)
S3_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
JOB_MESSAGES = {"SUCCEEDED": "Job run succeeded", "STOPPED": "Job run stopped", "TIMEOUT": "Job run timed out"}
JOB_SEVERITY = {"FAILED": "ERROR", "TIMEOUT": "WARN"}
CRAWL_STATES = {"RUNNING": "Started", "COMPLETED": "Succeeded", "FAILED": "Failed", "STOPPED": "Failed"}

_tagging: ContextVar[bool] = ContextVar("tagging", default=False)
_aws: Aws | None = None
_sequence = itertools.count(0x617F08299329D189)


def apply(settings: Settings) -> None:
    global _aws
    _aws = Aws(settings)
    _objects()
    _packages()
    _executions()


# ---- S3 ------------------------------------------------------------------------------------------------------


def _objects() -> None:
    def send(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
        detail_type = notifications._detail_type(f"s3:{name}")
        region = bucket.region_name
        if name == "ObjectTagging:Put" and not _tagging.get():
            return
        if not has_listener(account_id, region, "aws.s3", detail_type):
            return
        stored: dict[str, Any] = {"key": key.name, "sequencer": f"{next(_sequence):016X}"}
        if detail_type == "Object Created":
            stored |= {"size": key.size, "etag": key.etag.strip('"')}
        if bucket.is_versioned and getattr(key, "version_id", None):
            stored["version-id"] = str(key.version_id)
        detail: dict[str, Any] = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": stored,
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
        }
        if name in S3_REASONS:
            detail["reason"] = S3_REASONS[name]
        if detail_type == "Object Deleted":
            marker = name.endswith("DeleteMarkerCreated")
            detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
        emit(account_id, region, "aws.s3", detail_type, detail, [bucket.arn])

    replace(notifications, "_send_event_bridge_message", send)
    _delete_markers()
    _tags()


def _tags() -> None:
    """Send the tagging event only for a tagging call; moto sends it for every object that is put."""
    from moto.s3.responses import S3Response

    @wrap(S3Response, "put_object_tagging")
    def put_object_tagging(original: Any, self: Any, *args: Any, **options: Any) -> Any:
        token = _tagging.set(True)
        try:
            return original(self, *args, **options)
        finally:
            _tagging.reset(token)


def _delete_markers() -> None:
    """Send an event for a delete in a versioned bucket; moto sends none."""
    from moto.s3.models import S3Backend

    @wrap(S3Backend, "_set_delete_marker")
    def set_delete_marker(original: Any, self: Any, bucket_name: str, key_name: str) -> Any:
        marker = original(self, bucket_name, key_name)
        bucket = self.get_bucket(bucket_name)
        configuration = bucket.notification_configuration
        if configuration and configuration.event_bridge is not None:
            event = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
            notifications._send_event_bridge_message(self.account_id, bucket, event, marker)
        return marker


# ---- SageMaker -----------------------------------------------------------------------------------------------


def _packages() -> None:
    for name, inner in (("create_model_package", "moto_patch"), ("update_model_package", "moto_registry")):

        @wrap(SageMakerModelBackend, name, after=f"emulator.services.sagemaker.{inner}")
        def changed(original: Any, self: Any, *args: Any, **options: Any) -> str:
            arn: str = original(self, *args, **options)
            _described(
                arn,
                "SageMaker Model Package State Change",
                lambda client: client.describe_model_package(ModelPackageName=arn),
            )
            return arn


def job(stored: Any, kind: str) -> None:
    """Send the event of a job's new status; `kind` is `training`, `processing` or `transform`."""
    name = {f"{kind.capitalize()}JobName": getattr(stored, f"{kind}_job_name")}
    detail_type = f"SageMaker {kind.capitalize()} Job State Change"
    _described(stored.arn, detail_type, lambda client: getattr(client, f"describe_{kind}_job")(**name))


def endpoint(stored: Any) -> None:
    """Send the event of an endpoint's new status, which it spells IN_SERVICE where the API returns InService."""

    def describe(client: Any) -> dict[str, Any]:
        document: dict[str, Any] = client.describe_endpoint(EndpointName=stored.endpoint_name)
        spelled = "".join(f"_{letter}" if letter.isupper() else letter for letter in document["EndpointStatus"])
        return document | {"EndpointStatus": spelled.strip("_").upper()}

    _described(stored.arn, "SageMaker Endpoint State Change", describe)


def _described(arn: str, detail_type: str, describe: Callable[[Any], dict[str, Any]]) -> None:
    """Send an event with the output of Describe, and times in milliseconds, as SageMaker does."""
    resource = parse_arn(arn)
    if _aws is None or not has_listener(resource.account, resource.region, "aws.sagemaker", detail_type):
        return
    try:
        document = dict(describe(_aws.client("sagemaker", region=resource.region)))
    except (ClientError, BotoCoreError) as error:
        LOG.warning("no event of %s, which cannot be described: %s", arn, error)
        return
    document.pop("ResponseMetadata", None)
    emit(resource.account, resource.region, "aws.sagemaker", detail_type, {"Tags": {}, **_plain(document)}, [arn])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _milliseconds(value) if isinstance(value, datetime) else value


def _milliseconds(moment: datetime) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


# ---- Glue ----------------------------------------------------------------------------------------------------


def job_run(account: str, region: str, job: str, run_id: str, state: str, error: str | None) -> None:
    """Send the event of the end of a Glue job run. AWS sends none for its start."""
    detail = {
        "jobName": job,
        "severity": JOB_SEVERITY.get(state, "INFO"),
        "state": state,
        "jobRunId": run_id,
        "message": error or JOB_MESSAGES.get(state, f"Job run {state.lower()}"),
    }
    emit(account, region, "aws.glue", "Glue Job State Change", detail, [])


def crawl(account: str, region: str, crawler: str, state: str, seconds: float, error: str | None) -> None:
    """Send the event of a crawler's start or end."""
    event_state = CRAWL_STATES[state]
    detail = {
        "accountId": account,
        "crawlerName": crawler,
        "state": event_state,
        "message": "Crawler " + event_state,
        "cloudWatchLogLink": f"https://console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:"
        f"group=/aws-glue/crawlers;stream={crawler}",
    }
    if event_state == "Succeeded":
        detail |= {
            "completionDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "runningTime (sec)": str(int(seconds)),
            "warningMessage": "N/A",
            "errorMessage": "N/A",
        }
    if event_state == "Failed":
        detail["errorMessage"] = error or "Crawler was stopped"
    emit(account, region, "aws.glue", "Glue Crawler State Change", detail, [])


# ---- Step Functions ------------------------------------------------------------------------------------------


def _executions() -> None:
    @wrap(Execution, "start")
    def start(original: Any, self: Any) -> None:
        # Sent before its worker starts: a short execution would have ended by then, and its end would be sent twice.
        _execution(self, "RUNNING")
        original(self)

    @wrap(BaseExecutionWorkerCommunication, "terminated")
    def terminated(original: Any, self: Any) -> None:
        original(self)
        _execution(self.execution, str(self.execution.exec_status.value))


def _execution(execution: Any, status: str) -> None:
    # Express workflows send no status events.
    if execution.sm_type == StateMachineType.EXPRESS:
        return
    detail_type = "Step Functions Execution Status Change"
    if not has_listener(execution.account_id, execution.region_name, "aws.states", detail_type):
        return
    document = execution.to_describe_output()
    detail = {
        "executionArn": document["executionArn"],
        "stateMachineArn": document["stateMachineArn"],
        "name": document["name"],
        "status": status,
        "startDate": _milliseconds(document["startDate"]),
        "stopDate": _milliseconds(document["stopDate"]) if document.get("stopDate") else None,
        "input": to_json_str(execution.input_data, separators=(",", ":")),
        "inputDetails": {"included": True},
        "output": document.get("output"),
        "outputDetails": {"included": True} if document.get("output") is not None else None,
        "error": document.get("error"),
        "cause": document.get("cause"),
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
    }
    emit(execution.account_id, execution.region_name, "aws.states", detail_type, detail, [execution.exec_arn])
