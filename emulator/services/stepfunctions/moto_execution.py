"""The state machine interpreter calls services as AWS does, and leaves evidence of every call.

What moto gets wrong, and what is done about it here:

- `glue:startJobRun.sync` crashes and `sagemaker:*.sync` is unknown: both poll until the job has ended;
- `Parameters` keep the spelling of the definition although botocore requires another: names are mapped through the
  service's shapes, and those of results to the PascalCase that AWS returns;
- datetimes in results break DescribeExecution: results are converted to JSON first;
- a stopped execution leaves the job that it waits for running: the job is stopped;
- one that waits for a task token goes on waiting when it is stopped: the wait ends;
- calls use made-up keys in moto's default account: they are made under the machine's role;
- errors of `sagemaker:` integrations are States.Runtime, which nothing can catch: they get AWS's names;
- an execution whose thread fails stays RUNNING: it fails with `States.Runtime`;
- GetExecutionHistory does not paginate, and an execution without a name gets the name `None`: both are corrected.
"""

from __future__ import annotations

import base64
import importlib
import sys
import threading
import time
import traceback
import uuid
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, InvalidToken
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, caused_by, current_cause
from emulator.core.processes import Credentials
from emulator.core.settings import Settings
from emulator.moto.lineage import HEADER
from emulator.moto.patching import wrap
from emulator.services.stepfunctions import moto_errors, moto_jobs, moto_values
from emulator.services.stepfunctions.moto_values import TASK, task_module

DEFAULT_PAGE, LARGEST_PAGE = 100, 1000
SHORTEST_DELAY = 0.1
_RETRIER = "moto.stepfunctions.parser.asl.component.common.retry.retrier_decl"


def apply(settings: Settings) -> None:
    _Clients(Aws(settings)).install()
    _evidence()
    moto_values.install()
    moto_jobs.install()
    moto_errors.install()
    _executions()
    _workers()
    _retries(settings.time_scale)


# ---- calls under the machine's role, with the call that caused them ------------------------------------------


class _Clients:
    """One client for each role, service and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._sessions: dict[str, Credentials] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def install(self) -> None:
        """Replace the function in each of moto's modules, which import it by name."""
        replaced = 0
        for name, module in list(sys.modules.items()):
            if name.startswith("moto.stepfunctions.parser.asl") and hasattr(module, "boto_client_for"):
                module.boto_client_for = self.client  # type: ignore[attr-defined]
                replaced += 1
        if not replaced:
            raise TypeError("moto's state machine interpreter no longer makes its clients by boto_client_for")

    def client(self, region: str, service: str, state_credentials: Any = None) -> Any:
        role = state_credentials.role_arn if state_credentials else None
        if role is None:
            return self._aws.client(service, region=region)
        key = (role, service, region)
        with self._lock:
            if key not in self._clients:
                if role not in self._sessions:
                    self._sessions[role] = self._aws.assume(
                        role, "StepFunctions", service="states.amazonaws.com", source_arn=_state_machine()
                    )
                client = self._aws.client(service, self._sessions[role], region)
                client.meta.events.register("before-call", _tell_cause)
                self._clients[key] = client
            return self._clients[key]


def _state_machine() -> str:
    """Return the ARN of the machine whose task is running, from `...:execution:<machine>:<name>`."""
    record = STORE.get(current_cause() or "")
    return (record.execution or "").rpartition(":")[0].replace(":execution:", ":stateMachine:") if record else ""


def _tell_cause(params: dict[str, Any], **_: Any) -> None:
    cause = current_cause()
    if cause:
        params["headers"][HEADER] = cause


def _evidence() -> None:
    functions = importlib.import_module(f"{TASK}.state_task_lambda")
    for owner in (task_module("").StateTaskService, functions.StateTaskLambda):
        wrap(owner, "_eval_execution")(_recorded)


def _recorded(original: Any, self: Any, env: Any) -> None:
    """Record each attempt of a task, from its call to the end of the job that it waits for."""
    execution = env.states.context_object.context_object_data["Execution"]["Id"]
    record = STORE.begin("states-call", self.resource.resource_arn, execution=execution, state=self.name)
    with caused_by(record.id):
        try:
            original(self, env)
        except Exception as error:
            # As the execution's history will word it.
            failure = FailureEventException(self._from_error(env=env, ex=error))
            name, reason = failure.extract_error_cause_pair() or (type(error).__name__, str(error))
            STORE.fail(record.id, f"{name}: {reason}")
            raise
    if env.is_running():
        STORE.succeed(record.id)
    else:
        STORE.fail(record.id, "stopped before it ended")


# ---- executions ----------------------------------------------------------------------------------------------


def _executions() -> None:
    @wrap(Execution, "get_start_execution_details")
    def details(original: Any, self: Any) -> Any:
        # `$$.Execution.StartTime` is text on AWS; a datetime would end up in the output.
        details = original(self)
        details.start_time = self.start_date.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return details

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


def _workers() -> None:
    @wrap(ExecutionWorker, "_get_evaluation_environment")
    def environment(original: Any, self: Any) -> Any:
        return self.env or original(self)

    @wrap(ExecutionWorker, "start")
    def start(original: Any, self: Any) -> None:
        # Its history may be requested before its thread has created this.
        self.env = self._get_evaluation_environment()
        original(self)

    @wrap(ExecutionWorker, "_execution_logic")
    def logic(original: Any, self: Any) -> None:
        try:
            original(self)
        except Exception as error:
            # The boundary of the execution's thread: nothing else would end the execution.
            traceback.print_exc()
            cause = f"{type(error).__name__}: {error}"
            self.env = self._get_evaluation_environment()
            self.env.set_error(ExecutionFailedEventDetails(error="States.Runtime", cause=cause))
            self._execution_communication.terminated()


def _retries(time_scale: float) -> None:
    """Scale the delays of `Retry` as all delays of retries, but not below what the retried service can handle."""
    retrier = importlib.import_module(_RETRIER)

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, max(SHORTEST_DELAY, seconds * time_scale)))

    if retrier.time is not time:
        raise TypeError("moto's state machine interpreter no longer waits by time.sleep before a retry")
    retrier.time = SimpleNamespace(sleep=sleep)  # type: ignore[attr-defined]


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token))
    except ValueError as error:
        raise InvalidToken from error
