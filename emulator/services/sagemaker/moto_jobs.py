"""What SageMaker's training, processing and transform jobs have in common."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import ValidationError


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
