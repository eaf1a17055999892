"""`.sync`: a task waits for its job, and stops it if the wait is cancelled; a wait for a token can be stopped."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException

from emulator.core.evidence import STORE, current_cause
from emulator.moto.patching import replace, wrap
from emulator.services.stepfunctions.moto_errors import failure
from emulator.services.stepfunctions.moto_values import TASK, plain, task_module

POLL_SECONDS = 0.2
JOBS = {
    "create_training_job": ("TrainingJobName", "describe_training_job", "TrainingJobStatus"),
    "create_transform_job": ("TransformJobName", "describe_transform_job", "TransformJobStatus"),
    "create_processing_job": ("ProcessingJobName", "describe_processing_job", "ProcessingJobStatus"),
}
"""`.sync` of SageMaker: the name parameter, the operation that returns the status, and the status member."""


def install() -> None:
    _glue()
    condition = importlib.import_module(f"{TASK}.service.resource").ResourceCondition
    task_module("_callback")._DELAY_SECONDS_SYNC_CONDITION_CHECK = POLL_SECONDS
    # Without a callback endpoint the interpreter crashes when a `.sync` task ends, as it interrupts the endpoint.
    task_module("_glue")._SUPPORTED_INTEGRATION_PATTERNS.add(condition.WaitForTaskToken)
    forwarded = task_module("_unsupported")
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
            job = plain(getattr(client, describe)(**{parameter: normalised_parameters[parameter]}))
            if job[status] in ("Failed", "Stopped"):
                raise FailureEventException(failure(self, env, "States.TaskFailed", json.dumps(job)))
            return job if job[status] == "Completed" else None

        def stop() -> Any:
            return getattr(client, action.replace("create_", "stop_"))(**{parameter: normalised_parameters[parameter]})

        return Waiting(poll, stop)

    replace(forwarded.StateTaskServiceUnsupported, "_build_sync_resolver", build)
    _stop()
    _token_waits()


@dataclass(frozen=True)
class Waiting:
    """Waits for a job until it has ended (`poll` then returns it) or the wait is cancelled."""

    poll: Callable[[], Any]
    stop: Callable[[], Any]

    def __call__(self) -> Any:
        return self.poll()


def _stop() -> None:
    @wrap(task_module("_callback").StateTaskServiceCallback, "_eval_sync")
    def eval_sync(original: Any, self: Any, **given: Any) -> Any:
        """Stop the job of a task that is stopped or timed out, as AWS does if it can; moto leaves it running."""
        outcome, waiting = original(self, **given), given["sync_resolver"]
        if outcome is None and not given["env"].is_running() and isinstance(waiting, Waiting):
            try:
                waiting.stop()
            except ClientError as error:
                # It may have just ended, or the role may lack permission to stop it: AWS leaves it as it is, too.
                STORE.update(current_cause() or "", detail={"not_stopped": str(error)})
        return outcome


def _token_waits() -> None:
    @wrap(task_module("_callback").StateTaskServiceCallback, "_eval_wait_for_task_token")
    def wait(original: Any, self: Any, **given: Any) -> Any:
        """Wait until the token returns, times out, or the execution is stopped, which moto would notice only later."""
        endpoint, env = given["callback_endpoint"], given["env"]
        until = time.monotonic() + given["timeout_seconds"]
        # One that is interrupted (its `.sync` has ended) has been notified without an outcome.
        while given["heartbeat_endpoint"] is None and env.is_running() and not endpoint._notify_event.is_set():
            left = until - time.monotonic()
            if left <= 0:
                break
            endpoint.wait(timeout=min(left, POLL_SECONDS))
        # A timeout of a stopped execution would end it as failed.
        return original(self, **given) if env.is_running() else None


def _glue() -> None:
    glue = task_module("_glue").StateTaskServiceGlue

    @wrap(glue, "_build_sync_resolver")
    def resolver(original: Any, self: Any, **given: Any) -> Waiting:
        run_id, job_name = given["env"].stack[-1]["JobRunId"], given["normalised_parameters"]["JobName"]
        poll = original(self, **given)
        client = task_module("_glue").boto_client_for(
            service="glue",
            region=given["resource_runtime_part"].region,
            state_credentials=given["state_credentials"],
        )
        return Waiting(lambda: plain(poll()), lambda: client.batch_stop_job_run(JobName=job_name, JobRunIds=[run_id]))
