"""Secrets are created once, outside of Terraform, and removed after the functions that read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.config import Environment
from orchestrator.errors import PlatformError
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.stacks import secrets
from tests.fakes.aws import FakeCloud
from tests.fakes.tools import OUTPUTS, FakeTools
from tests.unit.orchestrator.conftest import Runs

NAME = "/mlops/local/secrets/job-ids"
KEY = OUTPUTS["foundation"]["kms"]["data_key_arn"]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


def cloud(put: Any, **existing: str) -> FakeCloud:
    described = {"Parameters": [{"Name": NAME, **existing}] if existing else []}
    return FakeCloud(services={"ssm": {"put_parameter": put, "describe_parameters": described}})


def test_a_secret_is_random_and_encrypted_under_the_key_of_the_environment() -> None:
    made = cloud({})
    assert secrets.ensure_secret(made, NAME, KEY, {"environment": "local"})
    assert secrets.ensure_secret(made, NAME, KEY, {"environment": "local"})
    first, second = made.called("ssm.put_parameter")
    assert re.fullmatch("[0-9a-f]{64}", first["Value"])
    assert first["Value"] != second["Value"]
    assert (first["Type"], first["KeyId"], first["Overwrite"]) == ("SecureString", KEY, False)
    assert first["Tags"] == [{"Key": "environment", "Value": "local"}]


def test_an_existing_secret_stays() -> None:
    there = cloud(refused("ParameterAlreadyExists"), Type="SecureString", KeyId=KEY)
    assert not secrets.ensure_secret(there, NAME, KEY, {})
    assert [name for name, _ in there.calls] == ["ssm.put_parameter", "ssm.describe_parameters"]


@pytest.mark.parametrize(
    "existing", [{"Type": "String"}, {"Type": "StringList"}, {"Type": "SecureString", "KeyId": "alias/aws/ssm"}]
)
def test_an_existing_parameter_of_another_kind_is_refused(existing: dict[str, str]) -> None:
    with pytest.raises(PlatformError, match=f"{NAME} is a {existing['Type']}.*not made by the orchestrator") as caught:
        secrets.ensure_secret(cloud(refused("ParameterAlreadyExists"), **existing), NAME, KEY, {})
    assert caught.value.hint
    assert "delete-parameter" in caught.value.hint


def test_other_errors_are_reported() -> None:
    with pytest.raises(PlatformError, match="cannot make the secret"):
        secrets.ensure_secret(cloud(refused("AccessDeniedException")), NAME, KEY, {})
    with pytest.raises(PlatformError, match="cannot remove the secret"):
        secrets.remove_secret(FakeCloud(services={"ssm": {"delete_parameter": refused("AccessDenied")}}), NAME)
    secrets.remove_secret(FakeCloud(services={"ssm": {"delete_parameter": refused("ParameterNotFound")}}), NAME)


def test_a_deployment_creates_the_secret_before_the_functions_and_stores_it_nowhere_else(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools, tmp_path: Path
) -> None:
    def made() -> list[dict[str, Any]]:
        return [each for each in tools.aws.called("ssm.put_parameter") if each["Name"] == NAME]

    there: dict[str, bool] = {}
    tools.terraform.before_apply = lambda stack: there.update({stack: bool(made())})
    assert run(plans.deploy(environment, graph)).exit_code == 0
    (request,) = made()
    assert (request["Name"], request["KeyId"], request["Overwrite"]) == (NAME, KEY, False)
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    assert (tags["managed-by"], tags["phase"], tags["environment"]) == ("orchestrator", "inference", "local")
    assert there["inference"]
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert written
    assert not [path for path, content in written.items() if request["Value"].encode() in content]
    assert request["Value"] not in repr(run.events)


def test_a_preview_creates_no_secret(run: Runs, environment: Environment, graph: Graph, tools: FakeTools) -> None:
    run(plans.preview(environment, graph.stacks))
    assert tools.aws.called("ssm.put_parameter") == []


def test_the_manual_commands_create_the_secret(run: Runs, environment: Environment, graph: Graph) -> None:
    run(plans.deploy(environment, graph, stacks=graph.select(phases=["foundation"])))
    assert run.last
    (line,) = secrets.manual_lines(run.last, graph.stack("inference"))
    assert f"--name {NAME} --key-id {KEY} --value file:///dev/stdin" in line
    assert secrets.manual_lines(run.last, graph.stack("data")) == []


def test_the_secret_is_removed_after_the_functions_that_read_it(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    run(plans.deploy(environment, graph))
    gone: dict[str, int] = {}

    def removed() -> list[dict[str, Any]]:
        return [each for each in tools.aws.called("ssm.delete_parameter") if each["Name"] == NAME]

    tools.terraform.before_apply = lambda stack: gone.update({stack: len(removed())})
    run(plans.destroy(environment, graph))
    assert gone["inference"] == 0
    assert removed() == [{"Name": NAME}]
