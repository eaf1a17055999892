"""The state machine interpreter calls services as AWS does, and leaves evidence of every call.

What stock moto gets wrong, and what is done about it here:

- `glue:startJobRun.sync` crashes and `sagemaker:*.sync` is unknown: both poll until the job has ended;
- `Parameters` keep the spelling of the definition although botocore wants another: names are mapped through the
  service's own shapes, and the results back to the PascalCase that AWS returns;
- datetimes in results break DescribeExecution: results are made JSON before anything else sees them;
- a stopped execution leaves the job that it waits for running: the job is stopped;
- calls are made with made-up keys in moto's default account: they are made under the machine's role;
- errors of `sagemaker:` integrations are States.Runtime, which nothing can catch: they get AWS's names;
- GetExecutionHistory has no pages, and an execution without a name gets the name `None`.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import HistoryEventType, InvalidToken, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.compute.aws import Aws
from emulator.compute.processes import Credentials
from emulator.evidence import STORE, caused_by, current_cause
from emulator.seams.lineage import HEADER
from emulator.seams.patching import wrap
from emulator.settings import Settings

TASK = "moto.stepfunctions.parser.asl.component.state.exec.state_task"
SERVICE = f"{TASK}.service.state_task_service"
POLL_SECONDS = 0.2
DEFAULT_PAGE, LARGEST_PAGE = 100, 1000

BOTO_NAMES = {
    "bedrockruntime": "bedrock-runtime",
    "cloudwatchlogs": "logs",
    "costexplorer": "ce",
    "eventbridge": "events",
    "sagemakerfeaturestoreruntime": "sagemaker-featurestore-runtime",
    "sagemakerruntime": "sagemaker-runtime",
}
ERROR_PREFIXES = {
    "bedrockruntime": "BedrockRuntime",
    "cloudwatch": "CloudWatch",
    "eventbridge": "EventBridge",
    "glue": "Glue",
    "lambda": "Lambda",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "sagemakerruntime": "SageMakerRuntime",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
}
"""How `aws-sdk` errors are prefixed, by the service's name in the resource."""

JOBS = {
    "create_training_job": ("TrainingJobName", "describe_training_job", "TrainingJobStatus"),
    "create_transform_job": ("TransformJobName", "describe_transform_job", "TransformJobStatus"),
    "create_processing_job": ("ProcessingJobName", "describe_processing_job", "ProcessingJobStatus"),
}
"""`.sync` of SageMaker: name parameter, operation that tells the status, and where."""


def apply(settings: Settings) -> None:
    _Clients(Aws(settings)).install()
    _evidence()
    _names()
    _json_results()
    _sync()
    _errors()
    _executions()


def _module(name: str) -> Any:
    return importlib.import_module(f"{SERVICE}{name}")


# ---- calls under the machine's role, telling which call they stem from --------------------------------------


class _Clients:
    """One client for each role, service and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._sessions: dict[str, Credentials] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def install(self) -> None:
        """Moto's modules hold the function by name, each its own."""
        found = 0
        for name, module in list(sys.modules.items()):
            if name.startswith("moto.stepfunctions.parser.asl") and hasattr(module, "boto_client_for"):
                module.boto_client_for = self.client  # type: ignore[attr-defined]
                found += 1
        if not found:
            raise TypeError("moto's state machine interpreter makes its clients elsewhere now")

    def client(self, region: str, service: str, state_credentials: Any = None) -> Any:
        role = state_credentials.role_arn if state_credentials else None
        if role is None:
            return self._aws.client(service, region=region)
        key = (role, service, region)
        with self._lock:
            if key not in self._clients:
                if role not in self._sessions:
                    self._sessions[role] = self._aws.assume(role, "StepFunctions")
                client = self._aws.client(service, self._sessions[role], region)
                client.meta.events.register("before-call", _tell_cause)
                self._clients[key] = client
            return self._clients[key]


def _tell_cause(params: dict[str, Any], **_: Any) -> None:
    cause = current_cause()
    if cause:
        params["headers"][HEADER] = cause


def _evidence() -> None:
    for owner in (_module("").StateTaskService, importlib.import_module(f"{TASK}.state_task_lambda").StateTaskLambda):
        wrap(owner, "_eval_execution")(_recorded)


def _recorded(original: Any, self: Any, env: Any) -> None:
    """One record for each attempt of a task, from its call to the end of what it waits for."""
    execution = env.states.context_object.context_object_data["Execution"]["Id"]
    record = STORE.begin("states-call", self.resource.resource_arn, execution=execution, state=self.name)
    with caused_by(record.id):
        try:
            original(self, env)
        except Exception as error:
            # In the words that the execution's history will use.
            failure = FailureEventException(self._from_error(env=env, ex=error))
            name, reason = failure.extract_error_cause_pair() or (type(error).__name__, str(error))
            STORE.fail(record.id, f"{name}: {reason}")
            raise
    if env.is_running():
        STORE.succeed(record.id)
    else:
        STORE.fail(record.id, "stopped before it ended")


# ---- names and results ---------------------------------------------------------------------------------------


def _names() -> None:
    service = _module("").StateTaskService
    service._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(BOTO_NAMES)
    _module("_aws_sdk")._SERVICE_ERROR_NAMES.update(ERROR_PREFIXES)

    @wrap(service, "_normalise_parameters")
    def to_boto(
        original: Any, self: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
    ) -> None:
        model = _model(self, boto_service_name, service_action_name)
        if model is not None:
            _replace(parameters, _renamed(model.input_shape, parameters, pascal=False))

    @wrap(service, "_normalise_response")
    def from_boto(
        original: Any, self: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None
    ) -> None:
        if isinstance(response, dict):
            model = _model(self, boto_service_name, service_action_name)
            renamed = _renamed(model.output_shape, response, pascal=True) if model is not None else response
            _replace(response, _plain(renamed))


def _model(task: Any, service_name: str | None, action_name: str | None) -> Any:
    return _operation(task._get_boto_service_name(service_name), task._get_boto_service_action(action_name))


@lru_cache(maxsize=512)
def _operation(service: str, action: str) -> Any:
    """Botocore's model of an operation; `None` for an integration that is no AWS operation."""
    session = boto3.session.Session()
    if service not in session.get_available_services():
        return None
    meta = session.client(service, region_name="us-east-1").meta
    name = meta.method_to_api_mapping.get(action)
    return meta.service_model.operation_model(name) if name else None


def _renamed(shape: Any, value: Any, *, pascal: bool) -> Any:
    """The same value with its members spelled as the shape does, or capitalised as AWS returns them."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        spelled = {name.lower(): name for name in shape.members}
        renamed = {}
        for key, item in value.items():
            name = spelled.get(key.lower())
            item = _renamed(shape.members[name], item, pascal=pascal) if name else item
            name = name or key
            renamed[name[0].upper() + name[1:] if pascal else name] = item
        return renamed
    if shape.type_name == "list" and isinstance(value, list):
        return [_renamed(shape.member, item, pascal=pascal) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _renamed(shape.value, item, pascal=pascal) for key, item in value.items()}
    return value


def _replace(target: dict[str, Any], content: dict[str, Any]) -> None:
    """In place: the interpreter keeps hold of the very object."""
    content = dict(content)
    target.clear()
    target.update(content)


def _plain(value: Any) -> Any:
    """JSON values only: dates as text, streams read."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if hasattr(value, "read"):
        text = value.read().decode()
        try:
            return json.loads(text)
        except ValueError:
            return text
    return json.loads(to_json_str(value))


def _json_results() -> None:
    glue = _module("_glue").StateTaskServiceGlue

    @wrap(glue, "_build_sync_resolver")
    def resolver(original: Any, self: Any, **given: Any) -> Waiting:
        run_id, job_name = given["env"].stack[-1]["JobRunId"], given["normalised_parameters"]["JobName"]
        poll = original(self, **given)
        client = _module("_glue").boto_client_for(
            service="glue",
            region=given["resource_runtime_part"].region,
            state_credentials=given["state_credentials"],
        )
        return Waiting(lambda: _plain(poll()), lambda: client.batch_stop_job_run(JobName=job_name, JobRunIds=[run_id]))

    @wrap(Execution, "get_start_execution_details")
    def details(original: Any, self: Any) -> Any:
        # `$$.Execution.StartTime` is text on AWS; a datetime would end up in the output.
        found = original(self)
        found.start_time = self.start_date.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return found


# ---- waiting for jobs ----------------------------------------------------------------------------------------


def _sync() -> None:
    condition = importlib.import_module(f"{TASK}.service.resource").ResourceCondition
    _module("_callback")._DELAY_SECONDS_SYNC_CONDITION_CHECK = POLL_SECONDS
    # Without a callback endpoint the interpreter crashes when a `.sync` task ends (it interrupts it unseen).
    _module("_glue")._SUPPORTED_INTEGRATION_PATTERNS.add(condition.WaitForTaskToken)
    forwarded = _module("_unsupported")
    forwarded._SUPPORTED_INTEGRATION_PATTERNS.add(condition.Sync)

    def build(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Waiting:
        env.stack.pop()
        action = self._get_boto_service_action()
        if self._get_boto_service_name() != "sagemaker" or action not in JOBS:
            raise RuntimeError(f"The local emulator cannot wait for {self.resource.resource_arn}")
        parameter, describe, status = JOBS[action]
        client = forwarded.boto_client_for(
            service="sagemaker", region=resource_runtime_part.region, state_credentials=state_credentials
        )

        def poll() -> Any:
            job = _plain(getattr(client, describe)(**{parameter: normalised_parameters[parameter]}))
            if job[status] in ("Failed", "Stopped"):
                raise FailureEventException(_failure(self, env, "States.TaskFailed", json.dumps(job)))
            return job if job[status] == "Completed" else None

        def stop() -> Any:
            return getattr(client, action.replace("create_", "stop_"))(**{parameter: normalised_parameters[parameter]})

        return Waiting(poll, stop)

    forwarded.StateTaskServiceUnsupported._build_sync_resolver = build
    _stop()


@dataclass(frozen=True)
class Waiting:
    """For a job, until it has ended (`poll` then returns it) or nobody waits for it any more."""

    poll: Callable[[], Any]
    stop: Callable[[], Any]

    def __call__(self) -> Any:
        return self.poll()


def _stop() -> None:
    @wrap(_module("_callback").StateTaskServiceCallback, "_eval_sync")
    def eval_sync(original: Any, self: Any, **given: Any) -> Any:
        """AWS stops the job of a task that is stopped or out of time, as far as it can; moto leaves it running."""
        outcome, waiting = original(self, **given), given["sync_resolver"]
        if outcome is None and not given["env"].is_running() and isinstance(waiting, Waiting):
            try:
                waiting.stop()
            except ClientError as error:
                # It may have ended just now, or the role may not stop it: both leave it as it is, on AWS too.
                STORE.update(current_cause() or "", detail={"not_stopped": str(error)})
        return outcome


def _failure(task: Any, env: Any, error: str, cause: str) -> FailureEvent:
    return FailureEvent(
        env=env,
        error_name=_error_name(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(
            taskFailedEventDetails=TaskFailedEventDetails(
                resource=task._get_sfn_resource(),
                resourceType=task._get_sfn_resource_type(),
                error=error,
                cause=cause,
            )
        ),
    )


def _error_name(error: str) -> Any:
    """The interpreter keeps `States.*` names and everybody else's in different classes."""
    if error.startswith("States."):
        return StatesErrorName.from_name(error)
    return CustomErrorName(error)


def _errors() -> None:
    forwarded = _module("_unsupported").StateTaskServiceUnsupported

    def from_error(self: Any, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super(forwarded, self)._from_error(env=env, ex=ex)  # type: ignore[no-any-return]
        prefix = ERROR_PREFIXES.get(self.resource.api_name, self.resource.api_name)
        code = ex.response["Error"]["Code"]
        # Validation errors carry the SDK's generic class on AWS, all others their own code.
        name = f"Amazon{prefix}" if code in ("ValidationException", "ValidationError") else code
        return _failure(
            self, env, f"{prefix}.{name.removesuffix('Exception')}Exception", ex.response["Error"]["Message"]
        )

    forwarded._from_error = from_error


# ---- executions ----------------------------------------------------------------------------------------------


def _executions() -> None:
    @wrap(StepFunctionsParserBackend, "start_execution")
    def start_execution(
        original: Any, self: Any, state_machine_arn: str, name: Any = None, *args: Any, **kw: Any
    ) -> Any:
        return original(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kw)

    @wrap(StepFunctionResponse, "get_execution_history")
    def get_execution_history(original: Any, self: Any) -> Any:
        events = list(original(self).result["events"])
        if self._get_param("reverseOrder"):
            events.reverse()
        size = min(self._get_param("maxResults") or DEFAULT_PAGE, LARGEST_PAGE)
        start = _offset(self._get_param("nextToken"))
        page: dict[str, Any] = {"events": events[start : start + size]}
        if start + size < len(events):
            page["nextToken"] = base64.b64encode(str(start + size).encode()).decode()
        return ActionResult(page)


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token))
    except ValueError as error:
        raise InvalidToken from error
