"""Errors of tasks under AWS's names, by which a definition catches them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName

from emulator.moto.patching import replace
from emulator.services.stepfunctions.moto_values import task_module

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
"""Prefix of `aws-sdk` errors, by the service's name in the resource."""


def failure(task: Any, env: Any, error: str, cause: str) -> FailureEvent:
    details = TaskFailedEventDetails(
        resource=task._get_sfn_resource(), resourceType=task._get_sfn_resource_type(), error=error, cause=cause
    )
    # The type has a member for each kind of event, of which one is set.
    any_details: Any = {"taskFailedEventDetails": details}
    return FailureEvent(
        env=env,
        error_name=_error_name(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=any_details,
    )


def _error_name(error: str) -> Any:
    """Return the error's name object; the interpreter has one class for `States.*` names and another for the rest."""
    if error.startswith("States."):
        return StatesErrorName.from_name(error)
    return CustomErrorName(error)


def install() -> None:
    task_module("_aws_sdk")._SERVICE_ERROR_NAMES.update(ERROR_PREFIXES)
    forwarded = task_module("_unsupported").StateTaskServiceUnsupported

    def from_error(self: Any, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super(forwarded, self)._from_error(env=env, ex=ex)  # type: ignore[no-any-return]
        prefix = ERROR_PREFIXES.get(self.resource.api_name, self.resource.api_name)
        code = ex.response["Error"]["Code"]
        # Validation errors carry the SDK's generic class on AWS, all others their own code.
        name = f"Amazon{prefix}" if code in ("ValidationException", "ValidationError") else code
        return failure(
            self, env, f"{prefix}.{name.removesuffix('Exception')}Exception", ex.response["Error"]["Message"]
        )

    replace(forwarded, "_from_error", from_error)
