from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.compute import unique

pytestmark = pytest.mark.emulator

STAGED = {"Stage": "Staging", "StageStatus": "PendingApproval"}
LIVE = {"Stage": "Production", "StageStatus": "Approved", "StageDescription": "Live"}


@pytest.fixture
def version(aws: Any) -> Iterator[str]:
    """ARN of a version that is staged, approved, described and encrypted."""
    sagemaker, group = aws("sagemaker"), unique("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        ModelLifeCycle=STAGED,
        SecurityConfig={"KmsKeyId": "alias/models"},
        MetadataProperties={"GeneratedBy": "job"},
        CustomerMetadataProperties={"accuracy": "0.9"},
    )["ModelPackageArn"]
    yield arn
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)


def test_a_version_has_the_stage_it_was_registered_in(aws: Any, version: str) -> None:
    package = aws("sagemaker").describe_model_package(ModelPackageName=version)
    assert package["ModelLifeCycle"] == STAGED
    assert package["SecurityConfig"] == {"KmsKeyId": "alias/models"}
    assert package["MetadataProperties"] == {"GeneratedBy": "job"}


def test_a_new_stage_changes_nothing_else(aws: Any, version: str) -> None:
    sagemaker = aws("sagemaker")
    before = sagemaker.describe_model_package(ModelPackageName=version)
    sagemaker.update_model_package(ModelPackageArn=version, ModelLifeCycle=LIVE)
    after = sagemaker.describe_model_package(ModelPackageName=version)
    moving = {"ModelLifeCycle", "LastModifiedTime", "LastModifiedBy", "ResponseMetadata"}
    assert after["ModelLifeCycle"] == LIVE
    assert {k: v for k, v in after.items() if k not in moving} == {k: v for k, v in before.items() if k not in moving}


def test_an_update_adds_metadata_and_keeps_the_stage(aws: Any, version: str) -> None:
    sagemaker = aws("sagemaker")
    sagemaker.update_model_package(
        ModelPackageArn=version, ModelApprovalStatus="Rejected", CustomerMetadataProperties={"f1": "0.8"}
    )
    package = sagemaker.describe_model_package(ModelPackageName=version)
    assert (package["ModelApprovalStatus"], package["ModelLifeCycle"]) == ("Rejected", STAGED)
    assert package["CustomerMetadataProperties"] == {"accuracy": "0.9", "f1": "0.8"}


def test_a_list_of_versions_has_their_stages(aws: Any, version: str) -> None:
    group = version.split("/")[1]
    [listed] = aws("sagemaker").list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert listed["ModelLifeCycle"] == STAGED
