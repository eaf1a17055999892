"""Studio's control plane: descriptions, and the order of deletions."""

from __future__ import annotations

import time
from typing import Any

import pytest

from emulator.services.sagemaker import studio as module
from emulator.services.sagemaker.studio import OPERATIONS, Studio, StudioRefused

ROLE = "arn:aws:iam::123456789012:role/mlops-local-studio-data-scientist"
DOMAIN: dict[str, Any] = {
    "DomainName": "lab",
    "AuthMode": "IAM",
    "VpcId": "vpc-1",
    "SubnetIds": ["subnet-1"],
    "AppNetworkAccessType": "VpcOnly",
    "DefaultUserSettings": {"ExecutionRole": ROLE, "SecurityGroups": ["sg-1"]},
}


class Homes:
    def __init__(self) -> None:
        self.there: list[str] = []

    def make(self, domain_id: str, domain_arn: str, kms_key_id: str | None) -> str:
        self.there.append(f"fs-{domain_id}")
        return self.there[-1]

    def remove(self, file_system_id: str) -> None:
        self.there.remove(file_system_id)


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> Homes:
    monkeypatch.setattr(module, "SETTLES_AFTER_SECONDS", 0.0)
    return Homes()


@pytest.fixture
def studio(homes: Homes) -> Studio:
    return Studio("123456789012", "us-east-1", homes)


@pytest.fixture
def domain(studio: Studio) -> str:
    return str(studio.create_domain(DOMAIN)["DomainId"])


def refused(code: str, operation: str, studio: Studio, **parameters: Any) -> str:
    with pytest.raises(StudioRefused) as error:
        OPERATIONS[operation](studio, parameters)
    assert error.value.code == code, error.value
    return error.value.message


def test_a_domain_is_pending_until_it_is_in_service(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLES_AFTER_SECONDS", 0.05)
    identity = studio.create_domain(DOMAIN)["DomainId"]
    assert studio.describe_domain({"DomainId": identity})["Status"] == "Pending"
    refused("ValidationException", "create_user_profile", studio, DomainId=identity, UserProfileName="me")
    time.sleep(0.06)
    assert studio.describe_domain({"DomainId": identity})["Status"] == "InService"
    studio.update_domain({"DomainId": identity, "DefaultUserSettings": {"DefaultLandingUri": "studio::"}})
    assert studio.describe_domain({"DomainId": identity})["Status"] == "Updating"
    time.sleep(0.06)
    studio.delete_domain({"DomainId": identity})
    assert studio.describe_domain({"DomainId": identity})["Status"] == "Deleting"
    time.sleep(0.06)
    refused("ResourceNotFound", "describe_domain", studio, DomainId=identity)


def test_an_update_changes_what_it_names_and_keeps_the_rest(studio: Studio, domain: str) -> None:
    studio.update_domain({"DomainId": domain, "DefaultUserSettings": {"DefaultLandingUri": "studio::"}})
    described = studio.describe_domain({"DomainId": domain})
    assert described["DefaultUserSettings"] == {**DOMAIN["DefaultUserSettings"], "DefaultLandingUri": "studio::"}
    assert (described["AppNetworkAccessType"], described["AuthMode"]) == ("VpcOnly", "IAM")


@pytest.mark.parametrize(("policy", "left"), [({"HomeEfsFileSystem": "Delete"}, 0), ({}, 1), (None, 1)])
def test_home_folders_outlive_the_domain_unless_the_request_deletes_them(
    studio: Studio, homes: Homes, domain: str, policy: Any, left: int
) -> None:
    studio.delete_domain({"DomainId": domain, "RetentionPolicy": policy})
    assert studio.list_domains({})["Domains"] == []
    assert len(homes.there) == left


def test_a_domain_is_deleted_after_its_profiles_and_a_profile_after_its_spaces(studio: Studio, domain: str) -> None:
    studio.create_user_profile({"DomainId": domain, "UserProfileName": "me"})
    mine = {"OwnerUserProfileName": "me"}
    studio.create_space({"DomainId": domain, "SpaceName": "desk", "OwnershipSettings": mine})
    assert "desk" in refused("ResourceInUse", "delete_domain", studio, DomainId=domain)
    assert "desk" in refused("ResourceInUse", "delete_user_profile", studio, DomainId=domain, UserProfileName="me")
    studio.delete_space({"DomainId": domain, "SpaceName": "desk"})
    assert studio.list_spaces({"DomainIdEquals": domain})["Spaces"] == []
    assert "me" in refused("ResourceInUse", "delete_domain", studio, DomainId=domain)
    studio.delete_user_profile({"DomainId": domain, "UserProfileName": "me"})
    assert studio.list_user_profiles({})["UserProfiles"] == []
    studio.delete_domain({"DomainId": domain})


def test_a_script_in_use_stays_and_a_missing_one_is_rejected(studio: Studio, domain: str) -> None:
    missing = {"JupyterLabAppSettings": {"LifecycleConfigArns": ["arn:none"]}}
    refused("ValidationException", "update_domain", studio, DomainId=domain, DefaultUserSettings=missing)
    arn = studio.create_studio_lifecycle_config(
        {
            "StudioLifecycleConfigName": "start",
            "StudioLifecycleConfigContent": "ZQ==",
            "StudioLifecycleConfigAppType": "JupyterLab",
        }
    )["StudioLifecycleConfigArn"]
    used = {"JupyterLabAppSettings": {"LifecycleConfigArns": [arn]}}
    studio.update_domain({"DomainId": domain, "DefaultUserSettings": used})
    refused("ResourceInUse", "delete_studio_lifecycle_config", studio, StudioLifecycleConfigName="start")
    studio.update_domain({"DomainId": domain, "DefaultUserSettings": {"JupyterLabAppSettings": {}}})
    studio.delete_studio_lifecycle_config({"StudioLifecycleConfigName": "start"})
    assert studio.list_studio_lifecycle_configs({})["StudioLifecycleConfigs"] == []


def test_names_are_taken_once_and_vpc_only_needs_a_security_group(studio: Studio, domain: str) -> None:
    assert studio.list_domains({})["Domains"][0]["DomainId"] == domain
    refused("ResourceInUse", "create_domain", studio, **DOMAIN)
    open_ = {**DOMAIN, "DomainName": "open", "DefaultUserSettings": {"ExecutionRole": ROLE}}
    refused("ValidationException", "create_domain", studio, **open_)
    refused("ResourceNotFound", "describe_app", studio, AppType="JupyterLab", AppName="default")


def test_tags_belong_to_the_record_of_the_arn(studio: Studio, domain: str) -> None:
    described = studio.tagged(f"arn:aws:sagemaker:us-east-1:123456789012:domain/{domain}")
    assert described is not None
    assert described.tags == []
    assert studio.tagged("arn:aws:sagemaker:us-east-1:123456789012:domain/d-none") is None
