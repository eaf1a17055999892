"""An archive becomes a version once, and goes live like a trained one. The world is a registry in memory."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from orchestrator.core.types import Json
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.pipeline import decide
from orchestrator.pipeline.model import Decision
from orchestrator.registry import archive, importing
from orchestrator.registry.model import Container, Group, Registered, Target
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.registry.test_archive import packed

GROUP = Group("dev", "fraud", "mlops-dev-fraud", "/mlops/dev/models/fraud/live", "/mlops/dev/approvals/fraud", None)
PACKAGES = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-fraud"
CONTAINER = Container(
    "registry/sagemaker-scikit-learn:1.4-2-cpu-py3", {"SAGEMAKER_PROGRAM": "inference.py"}, ("code/inference.py",)
)
BUCKET = "data-bucket"
RELEASES = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-dev-release"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@dataclass
class World:
    """A bucket, a registry, a function and a release machine.

    Attributes:
        function_error: what the function answers instead of its result.
        blueprints: those that a release of the group reaches; `None`: there is no release machine.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    versions: dict[int, Json] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    called: list[Json] = field(default_factory=list)
    function_error: Json | None = None
    blueprints: tuple[str, ...] | None = ("fraud-api",)

    def cloud(self) -> FakeCloud:
        return FakeCloud(
            services={
                "s3": {
                    "upload_file": self.upload_file,
                    "download_file": self.download_file,
                    "delete_object": lambda Bucket, Key: self.objects.pop(Key),
                },
                "lambda": {"invoke": self.invoke},
                "ssm": {"get_parameter": self.get_parameter, "put_parameter": self.put_parameter},
                "sts": {"get_caller_identity": {"Arn": "arn:aws:sts::123456789012:assumed-role/ml/anna"}},
                "sagemaker": {
                    "get_paginator": self.get_paginator,
                    "create_model_package": self.create_model_package,
                    "describe_model_package": lambda ModelPackageName: self.version(ModelPackageName),
                    "update_model_package": self.update_model_package,
                },
                "stepfunctions": {
                    "start_execution": self.start_execution,
                    "describe_execution": self.describe_execution,
                    "get_execution_history": {"events": []},
                    "get_paginator": self.get_paginator,
                },
            }
        )

    def bring(self, path: Path, container: Container = CONTAINER, key_arn: str | None = None) -> Registered:
        events: list[Json] = []
        self.events = events
        return importing.bring(self.cloud(), GROUP, str(path), container, Target(BUCKET, key_arn), events.append)

    def approve(self, number: int | None = None) -> Decision:
        return decide(self.cloud(), GROUP, number, "approve", comment="imported", on_event=lambda event: None)

    def upload_file(self, Filename: str, Bucket: str, Key: str) -> None:
        assert Bucket == BUCKET
        self.objects[Key] = Path(Filename).read_bytes()

    def download_file(self, Bucket: str, Key: str, Filename: str) -> None:
        if Key not in self.objects:
            raise refused("404")
        Path(Filename).write_bytes(self.objects[Key])

    def invoke(self, FunctionName: str, Payload: bytes) -> Json:
        assert FunctionName == "mlops-dev-model-artifacts"
        event = json.loads(Payload)
        self.called.append(event)
        if self.function_error:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(self.function_error).encode())}
        sha256 = event["sha256"]
        if event["action"] == "register":
            key = event["model_data_url"].removeprefix(f"s3://{BUCKET}/")
            self.objects[f"artifacts/models/registered/{sha256}/model.tar.gz"] = self.objects[key]
            url = f"s3://{BUCKET}/artifacts/models/registered/{sha256}/model.tar.gz"
            answer = {"model_data_url": url, "sha256": sha256, "files_sha256": "0f"}
        else:
            answer = {"sha256": sha256}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def get_parameter(self, Name: str) -> Json:
        if Name not in self.parameters:
            raise refused("ParameterNotFound")
        return {"Parameter": {"Value": self.parameters[Name]}}

    def put_parameter(self, Name: str, Value: str, **more: Any) -> None:
        assert more == {"Type": "String", "Overwrite": True}
        self.parameters[Name] = Value

    def version(self, arn: str) -> Json:
        return self.versions[int(arn.rsplit("/", 1)[1])]

    def create_model_package(self, **given: Any) -> Json:
        assert given["ModelPackageGroupName"] == GROUP.full_name
        number = len(self.versions) + 1
        self.versions[number] = {**given, "ModelPackageArn": f"{PACKAGES}/{number}"}
        return {"ModelPackageArn": f"{PACKAGES}/{number}"}

    def update_model_package(self, ModelPackageArn: str, **changes: Any) -> None:
        self.version(ModelPackageArn).update(changes)

    def get_paginator(self, operation_name: str) -> Any:
        if operation_name == "get_execution_history":
            outputs = [json.dumps({"ExecutionArn": f"arn:releases:{name}"}) for name in self.blueprints or ()]
            pages: list[Json] = [{"events": [{"taskSucceededEventDetails": {"output": output}} for output in outputs]}]
        else:
            pages = [{"ModelPackageSummaryList": list(self.versions.values())}]
        return SimpleNamespace(paginate=lambda **given: pages)

    def start_execution(self, stateMachineArn: str, input: str) -> Json:
        assert stateMachineArn == RELEASES
        if self.blueprints is None:
            raise refused("StateMachineDoesNotExist")
        assert json.loads(input) == {"model_package_group_name": GROUP.full_name}
        return {"executionArn": "arn:group"}

    def describe_execution(self, executionArn: str) -> Json:
        name = executionArn.rsplit(":", 1)[1]
        output = json.dumps({"changed": True, "config_name": f"config-{name}"})
        return {"status": "SUCCEEDED", "input": json.dumps({"blueprint": name}), "output": output}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return packed(tmp_path / "model.tar.gz", "code/inference.py", "model.joblib")


def test_an_archive_is_registered_as_a_pending_version(model: Path) -> None:
    world = World()
    made = world.bring(model, key_arn="arn:key")
    sha256 = archive.sha256_of(model)
    assert made == Registered("fraud", 1, f"{PACKAGES}/1", sha256, repeated=False)
    url = f"s3://{BUCKET}/artifacts/models/registered/{sha256}/model.tar.gz"
    version = world.versions[1]
    assert (version["ModelApprovalStatus"], version["SecurityConfig"]) == (
        "PendingManualApproval",
        {"KmsKeyId": "arn:key"},
    )
    assert version["InferenceSpecification"]["Containers"] == [
        {"Image": CONTAINER.image, "ModelDataUrl": url, "Environment": CONTAINER.environment}
    ]
    assert version["CustomerMetadataProperties"] == {
        "imported": str(model),
        "model_sha256": sha256,
        "model_files_sha256": "0f",
    }
    # The copy of the function is the only one that is left.
    assert list(world.objects) == [f"artifacts/models/registered/{sha256}/model.tar.gz"]
    assert [event["@message"] for event in world.events] == [
        f"uploaded model.tar.gz ({model.stat().st_size:,} bytes)",
        f"registered version 1 of fraud, sha256 {sha256}",
    ]


def test_an_archive_in_s3_is_fetched(model: Path) -> None:
    world = World(objects={"models/a.tar.gz": model.read_bytes()})
    made = importing.bring(
        world.cloud(), GROUP, "s3://elsewhere/models/a.tar.gz", CONTAINER, Target(BUCKET), lambda event: None
    )
    assert made.sha256 == archive.sha256_of(model)
    assert world.versions[1]["CustomerMetadataProperties"]["imported"] == "s3://elsewhere/models/a.tar.gz"
    with pytest.raises(PlatformError, match="cannot download s3://elsewhere/none: 404"):
        importing.bring(world.cloud(), GROUP, "s3://elsewhere/none", CONTAINER, Target(BUCKET), lambda event: None)
    with pytest.raises(PlatformError, match="`s3://elsewhere` names no object"):
        importing.bring(world.cloud(), GROUP, "s3://elsewhere", CONTAINER, Target(BUCKET), lambda event: None)


def test_the_same_bytes_are_registered_once(model: Path) -> None:
    world = World()
    first = world.bring(model)
    again = world.bring(model)
    assert (again.number, again.arn, again.repeated) == (first.number, first.arn, True)
    assert len(world.versions) == 1
    assert [event["action"] for event in world.called] == ["register"]
    # Another image is another version.
    assert world.bring(model, Container("registry/other:1", {})).number == 2


def test_what_the_archive_must_hold_is_checked_first(tmp_path: Path) -> None:
    world, path = World(), packed(tmp_path / "model.tar.gz", "model.joblib")
    with pytest.raises(PlatformError, match=r"has no code/inference\.py"):
        world.bring(path)
    path = packed(tmp_path / "model.tar.gz", "code/inference.py")
    needy = Container("registry/x:1", {}, ("code/inference.py",), "xgboost-cpu==3.2.0")
    with pytest.raises(PlatformError, match=r"carries no packages \(code/wheels/\), and the image has no xgboost-cpu"):
        world.bring(path, needy)
    assert (world.objects, world.called, world.versions) == ({}, [], {})
    path = packed(tmp_path / "model.tar.gz", "code/inference.py", "code/wheels/xgboost_cpu-3.2.0.whl")
    assert world.bring(path, needy).number == 1


def test_an_upload_that_is_denied_is_reported(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def upload_file(**given: str) -> None:
        raise S3UploadFailedError("AccessDenied")

    monkeypatch.setattr(world, "upload_file", upload_file)
    with pytest.raises(PlatformError, match=r"cannot upload model\.tar\.gz: AccessDenied"):
        world.bring(model)


def test_what_the_function_refuses_is_not_registered(model: Path) -> None:
    world = World(function_error={"errorType": "ArchiveError", "errorMessage": "the archive holds a link"})
    with pytest.raises(PlatformError, match="ArchiveError: the archive holds a link"):
        world.bring(model)
    assert (world.objects, world.versions) == ({}, {})


def test_an_approved_import_goes_live_and_is_released(model: Path) -> None:
    world = World()
    made = world.bring(model)
    world.parameters[GROUP.live_parameter] = json.dumps({"model_package_arn": f"{PACKAGES}/9"})
    world.versions[9] = {"ModelPackageArn": f"{PACKAGES}/9", "ModelApprovalStatus": "Approved"}
    decision = world.approve(made.number)
    assert [(each.blueprint, each.config_name) for each in decision.releases] == [("fraud-api", "config-fraud-api")]
    assert (decision.already, decision.repeated, decision.execution_arn) == (False, False, None)
    version = world.versions[1]
    assert version["ModelApprovalStatus"] == "Approved"
    assert version["ApprovalDescription"].endswith("anna: imported")
    assert version["ModelLifeCycle"]["Stage"] == "Production"
    assert world.versions[9]["ModelLifeCycle"]["Stage"] == "Archived"
    live = json.loads(world.parameters[GROUP.live_parameter])
    assert live == {
        "model_package_arn": made.arn,
        "model_data_url": f"s3://{BUCKET}/artifacts/models/registered/{made.sha256}/model.tar.gz",
        "sha256": made.sha256,
        "files_sha256": "0f",
        "image": CONTAINER.image,
        "training_job": "",
        "execution_arn": "",
        "data_fingerprint": "",
        "metrics": {},
    }
    assert [event["action"] for event in world.called] == ["register", "verify"]


def test_importing_and_approving_again_changes_nothing(model: Path) -> None:
    world = World()
    world.approve(world.bring(model).number)
    before = json.dumps([world.versions, world.parameters], sort_keys=True)
    decision = world.approve(world.bring(model).number)
    assert (decision.already, decision.releases) == (True, ())
    assert json.dumps([world.versions, world.parameters], sort_keys=True) == before


def test_without_a_release_machine_there_is_nothing_to_release(model: Path) -> None:
    world = World(blueprints=None)
    decision = world.approve(world.bring(model).number)
    assert decision.releases == ()
    assert GROUP.live_parameter in world.parameters


def test_an_archive_that_was_replaced_does_not_go_live(model: Path) -> None:
    world = World()
    made = world.bring(model)
    world.function_error = {"errorType": "ArtifactChanged", "errorMessage": "it was replaced"}
    with pytest.raises(PlatformError, match="ArtifactChanged: it was replaced"):
        world.approve(made.number)
    assert world.parameters == {}


def test_a_former_or_rejected_version_is_not_taken_live_by_importing_it_again(model: Path, tmp_path: Path) -> None:
    world = World()
    world.approve(world.bring(model).number)
    other = packed(tmp_path / "other.tar.gz", "code/inference.py", "other.joblib")
    world.approve(world.bring(other).number)
    with pytest.raises(PlatformError, match="was approved and live, and was replaced by another one"):
        world.approve(world.bring(model).number)
    world.versions[1]["ModelApprovalStatus"] = "Rejected"
    with pytest.raises(PlatformError, match="version 1 of `fraud` is already rejected"):
        world.approve(world.bring(model).number)


def test_a_version_without_a_training_or_an_import_cannot_go_live() -> None:
    world = World()
    world.versions[1] = {"ModelPackageArn": f"{PACKAGES}/1", "ModelApprovalStatus": "Approved"}
    with pytest.raises(PlatformError, match="no training here can take it live") as refusal:
        world.approve(1)
    assert "orchestrator model import dev fraud ARTEFACT" in str(refusal.value.hint)


def test_a_release_that_cannot_start_is_reported(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = world.bring(model)

    def start_execution(**given: Any) -> Json:
        raise refused("AccessDeniedException")

    monkeypatch.setattr(world, "start_execution", start_execution)
    with pytest.raises(ReleaseFailed, match=r"cannot start .*AccessDenied"):
        world.approve(made.number)
