"""Imports: a finished archive is registered, approved, and released to an endpoint with a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import pipeline
from orchestrator.aws.client import Aws
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import PlatformError
from orchestrator.pipeline.model import Decision
from orchestrator.registry import importing
from orchestrator.registry.model import Container, Group, Registered, Target
from tests.support import keys
from tests.support.compute import tarred
from tests.support.process import Emulator
from tests.support.releases import GOOD, PATH, PREFIX, SERVE, WRONG, Endpoint, Platform

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

# It says nothing about a training job.
SERVE_ALONE = SERVE.replace('{"outputs": outputs, "model": {"training_job": model["job"]}}', '{"outputs": outputs}')
CONTAINER = Container("sklearn", {"SAGEMAKER_PROGRAM": "inference.py"}, ("code/inference.py",))


class Imports:
    def __init__(self, platform: Platform, cloud: Aws, folder: Path) -> None:
        self.platform, self.cloud, self.folder = platform, cloud, folder
        name = platform.group.removeprefix(f"{PREFIX}-")
        self.group = Group("test", name, platform.group, platform.live, f"/mlops/test/approvals/{name}", None)

    def archive(self, labels: list[str], mark: str = "") -> Path:
        path = self.folder / "model.tar.gz"
        model = json.dumps({"labels": labels, "mark": mark})
        path.write_bytes(tarred({"m.json": model, "code/inference.py": SERVE_ALONE}))
        return path

    def bring(self, artefact: Path | str) -> Registered:
        target = Target(self.platform.bucket)
        return importing.bring(self.cloud, self.group, str(artefact), CONTAINER, target, lambda event: None)

    def approve(self, number: int) -> Decision:
        return pipeline.decide(
            self.cloud, self.group, number, "approve", comment="imported", on_event=lambda event: None
        )

    def versions(self) -> int:
        listed = self.platform.sagemaker.list_model_packages(ModelPackageGroupName=self.platform.group)
        return len(listed["ModelPackageSummaryList"])


@pytest.fixture
def imports(platform: Platform, emulator: Emulator, tmp_path: Path) -> Imports:
    access = keys.of(emulator.endpoint)
    local = LocalAccess(emulator.endpoint, access.access_key_id, access.secret_access_key)
    return Imports(platform, Aws("us-east-1", local), tmp_path)


@pytest.fixture
def endpoint(platform: Platform) -> Iterator[Endpoint]:
    made = Endpoint(platform)
    yield made
    platform.sagemaker.delete_endpoint(EndpointName=made.name)
    platform.ssm.delete_parameter(Name=f"{PATH}/specs/{made.blueprint}")


def asked(endpoint: Endpoint) -> Any:
    answer = endpoint.runtime.invoke_endpoint(
        EndpointName=endpoint.name, ContentType="application/json", Body=b'{"inputs": ["a", "b"]}'
    )
    return json.loads(answer["Body"].read())


def test_an_import_answers_at_the_endpoint_and_is_made_once(imports: Imports, endpoint: Endpoint) -> None:
    path = imports.archive(GOOD)
    made = imports.bring(path)
    decision = imports.approve(made.number)
    [release] = decision.releases
    assert (release.blueprint, release.error, release.changed) == (endpoint.blueprint, None, True)
    assert endpoint.describe()["EndpointConfigName"] == endpoint.named(made.arn)
    # The answer names no training job, other than that of the version before.
    assert [output["label"] for output in asked(endpoint)["outputs"]] == GOOD
    assert "model" not in asked(endpoint)
    live = json.loads(imports.platform.ssm.get_parameter(Name=imports.group.live_parameter)["Parameter"]["Value"])
    assert (live["sha256"], live["training_job"]) == (made.sha256, "")
    assert live["model_data_url"].endswith(f"/artifacts/models/registered/{made.sha256}/model.tar.gz")
    before = (imports.versions(), endpoint.describe()["LastModifiedTime"])
    again = imports.bring(live["model_data_url"])
    decision = imports.approve(again.number)
    assert (again.repeated, again.number, decision.already) == (True, made.number, True)
    assert (imports.versions(), endpoint.describe()["LastModifiedTime"]) == before


def test_an_import_that_answers_wrongly_is_rolled_back(imports: Imports, endpoint: Endpoint) -> None:
    made = imports.bring(imports.archive(WRONG))
    [release] = imports.approve(made.number).releases
    assert release.error is not None
    assert "ProbeFailed" in release.error
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched


def test_an_archive_that_was_replaced_is_not_released(imports: Imports, endpoint: Endpoint) -> None:
    made = imports.bring(imports.archive(GOOD, mark="replaced"))
    key = f"artifacts/models/registered/{made.sha256}/model.tar.gz"
    imports.platform.aws("s3").put_object(Bucket=imports.platform.bucket, Key=key, Body=tarred({"a": "b"}))
    with pytest.raises(PlatformError, match="ArtifactChanged"):
        imports.approve(made.number)
    assert endpoint.describe()["EndpointConfigName"] == endpoint.launched
