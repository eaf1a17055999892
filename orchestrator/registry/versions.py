"""Read the versions of a model package group."""

from __future__ import annotations

from orchestrator.aws.client import error_code, explained, pages
from orchestrator.aws.model import Cloud
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.registry.model import Group


def listed(cloud: Cloud, group: Group, **filters: str) -> list[Json]:
    """Return the summaries of a group's versions; none for a group that does not exist yet."""
    try:
        with explained(cloud, f"list the versions of {group.full_name}"):
            return pages(
                cloud.client("sagemaker"),
                "list_model_packages",
                "ModelPackageSummaryList",
                ModelPackageGroupName=group.full_name,
                **filters,
            )
    except PlatformError as error:
        # SageMaker has no specific code for a group that does not exist.
        if error_code(error.__cause__) in ("ValidationException", "ResourceNotFound", "ResourceNotFoundException"):
            return []
        raise


def described(cloud: Cloud, arn: str) -> Json:
    with explained(cloud, f"describe {arn}"):
        return dict(cloud.client("sagemaker").describe_model_package(ModelPackageName=arn))


def number_of(arn: str) -> int:
    return int(arn.rsplit("/", 1)[-1])
