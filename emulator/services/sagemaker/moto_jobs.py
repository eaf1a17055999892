"""What SageMaker's training, processing and transform jobs have in common."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ValidationError


def new_name(response: Any, kind: str, stored: Any) -> str:
    """Return the name of a requested job; raise `ResourceInUseException` if a job has it. `stored` is moto's class."""
    name: str = response._get_param(f"{kind.capitalize()}JobName")
    if name in getattr(response.sagemaker_backend, f"{kind}_jobs"):
        raise ResourceInUseException(
            message="Job name must be unique within an AWS account and region, and a job with this name already exists "
            f"({stored.arn_formatter(name, response.current_account, response.region)})"
        )
    return name


def check_instances(resources: dict[str, Any], key: str) -> None:
    """Raise `ValidationError` for a job on several instances: one process would do only its own part of the work."""
    groups = resources.get("InstanceGroups") or [resources]
    count = sum(int(each.get("InstanceCount") or 1) for each in groups)
    if count > 1:
        raise ValidationError(message=f"The local AWS runs a job on one instance, received {count} in {key}.")


def stopping(response: Any, kind: str) -> Any:
    """Set the job of a request to `Stopping` and return it; raise `ValidationError` if it is not in progress."""
    name, backend = response._get_param(f"{kind.capitalize()}JobName"), response.sagemaker_backend
    getattr(backend, f"describe_{kind}_job")(name)  # raises for an unknown one
    job = getattr(backend, f"{kind}_jobs")[name]
    status = getattr(job, f"{kind}_job_status")
    if status != "InProgress":
        raise ValidationError(message=f"The request was rejected because the {kind} job is in status {status}.")
    setattr(job, f"{kind}_job_status", "Stopping")
    return job
