"""Missing operations are rejected in the protocol of the request, by an error that no SDK retries."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from tests.integration.terraform_provider.test_terraform_types import LOCK, cli_configuration
from tests.support import keys
from tests.support.faults import fault
from tests.support.process import ROOT, Emulator

pytestmark = pytest.mark.emulator

AS_AWS = {"mode": "standard", "total_max_attempts": 10}
FORM = "application/x-www-form-urlencoded"
BUCKET = "missing-operations"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        pytest.param("glue", "create_blueprint", {"Name": "x", "BlueprintLocation": "s3://a/b"}, id="json"),
        pytest.param("xray", "put_encryption_config", {"Type": "NONE"}, id="rest-json"),
        pytest.param("accessanalyzer", "list_analyzers", {}, id="unknown-service"),
        pytest.param(
            "iam", "simulate_custom_policy", {"PolicyInputList": ["{}"], "ActionNames": ["s3:GetObject"]}, id="query"
        ),
        pytest.param("ec2", "describe_image_usage_reports", {}, id="ec2"),
        pytest.param("route53", "list_traffic_policies", {}, id="rest-xml"),
        pytest.param("s3", "list_bucket_metrics_configurations", {"Bucket": BUCKET}, id="s3"),
    ],
)
def test_an_unimplemented_operation_is_rejected_once(
    aws: Any, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    if service == "s3":
        aws("s3").create_bucket(Bucket=BUCKET)
    client = aws(service, retries=AS_AWS)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**arguments)
    response = refused.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 400)
    assert response["ResponseMetadata"]["RetryAttempts"] == 0
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "not-run"


@pytest.mark.parametrize(
    ("service", "headers", "path", "body", "parser"),
    [
        pytest.param("ssm", {"X-Amz-Target": "AmazonSSM.Sing"}, "/", b"{}", "json", id="action-of-json"),
        pytest.param("iam", {"Content-Type": FORM}, "/", b"Action=Sing&Version=2010-05-08", "query", id="of-query"),
        pytest.param("ec2", {"Content-Type": FORM}, "/", b"Action=Sing&Version=2016-11-15", "ec2", id="of-ec2"),
        pytest.param("lambda", {}, "/2015-03-31/songs", b"{}", "rest-json", id="route-of-rest-json"),
        pytest.param("route53", {}, "/2013-04-01/songs", b"", "rest-xml", id="route-of-rest-xml"),
        pytest.param(
            "monitoring",
            {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"},
            "/service/GraniteServiceVersion20100801/operation/ListMetrics",
            b"\xa0",
            "smithy-rpc-v2-cbor",
            id="protocol-of-cbor",
        ),
    ],
)
def test_unknown_operations_are_rejected(
    emulator: Emulator, service: str, headers: dict[str, str], path: str, body: bytes, parser: str
) -> None:
    key = keys.of(emulator.endpoint)
    url = emulator.endpoint + path
    signed = AWSRequest("POST", url, data=body, headers=headers)
    SigV4Auth(Credentials(*key), service, emulator.region).add_auth(signed)
    request = urllib.request.Request(url, body, dict(signed.headers.items()), method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    answer = {
        "status_code": refused.value.code,
        "headers": {name.lower(): value for name, value in refused.value.headers.items()},
        "body": refused.value.read(),
        "context": {},
    }
    assert answer["status_code"] == 400
    parsed = create_parser(parser).parse(answer, None)  # type: ignore[arg-type]  # there is no shape of an answer
    assert parsed["Error"]["Code"] == "NotImplemented"


def test_a_defect_is_reported_once_and_logged(aws: Any, emulator: Emulator) -> None:
    """A defect of moto: it looks up a gateway without checking that it exists."""
    with pytest.raises(ClientError, match=r"The local emulator failed \(its log says where\): KeyError") as refused:
        aws("ec2", retries=AS_AWS).delete_transit_gateway(TransitGatewayId="tgw-defect")
    response = refused.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("EmulatorFailure", 400)
    assert response["ResponseMetadata"]["RetryAttempts"] == 0
    assert "KeyError: 'tgw-defect'" in emulator.log.read_text()


DATA = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "us-east-1"
}
data "aws_vpcs" "throttled" {}
%s
"""
MISSING = """
data "aws_ec2_capacity_block_offering" "ec2" {
  instance_type           = "p4d.24xlarge"
  capacity_duration_hours = 24
  instance_count          = 1
}
data "aws_iam_principal_policy_simulation" "query" {
  action_names      = ["s3:GetObject"]
  policy_source_arn = "arn:aws:iam::123456789012:role/any"
}
data "aws_backup_framework" "rest_json" {
  name = "none"
}
data "aws_glue_script" "json" {
  dag_edge {
    source = "a"
    target = "b"
  }
  dag_node {
    id        = "a"
    node_type = "DataSource"
    args {
      name  = "a"
      value = "b"
    }
  }
}
"""


@pytest.mark.full
@pytest.mark.terraform
def test_terraform_retries_a_throttle_and_stops_at_a_missing_operation(emulator: Emulator, tmp_path: Path) -> None:
    run = _Terraform(tmp_path, emulator)
    run.write(DATA % "")
    with fault(emulator.endpoint, "throttle", "ec2", action="DescribeVpcs", count=2) as armed:
        assert run("plan").returncode == 0
        assert armed.fired == 2
    run.write(DATA % MISSING)
    before = len(emulator.log.read_text())
    done = run("plan")
    log = emulator.log.read_text()[before:]
    refused = [line.split()[3] for line in log.splitlines() if line.split()[1:2] == ["400"]]
    assert done.returncode == 1
    assert done.stderr.count("The local emulator does not implement this operation of") == 4, done.stderr
    assert len(refused) == 4, log


class _Terraform:
    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self._folder = folder
        shutil.copy(LOCK, folder)
        self._environment = emulator.environment() | {
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_CLI_CONFIG_FILE": str(cli_configuration(folder)),
        }

    def write(self, text: str) -> None:
        (self._folder / "main.tf").write_text(text)
        assert self("init").returncode == 0

    def __call__(self, command: str) -> subprocess.CompletedProcess[str]:
        terraform = shutil.which("terraform") or str(ROOT / ".tools/bin/terraform")
        return subprocess.run(
            [terraform, command, "-no-color", "-input=false"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def test_a_deleted_resource_can_be_deleted_again(aws: Any) -> None:
    """Moto fails on each of these."""
    client = aws("apigateway")
    api = client.create_rest_api(name="gone-already")
    root = client.get_resources(restApiId=api["id"])["items"][0]["id"]
    client.put_method(restApiId=api["id"], resourceId=root, httpMethod="GET", authorizationType="NONE")
    with pytest.raises(client.exceptions.NotFoundException):
        client.delete_integration(restApiId=api["id"], resourceId=root, httpMethod="GET")
    client.delete_rest_api(restApiId=api["id"])
    with pytest.raises(client.exceptions.NotFoundException):
        client.delete_rest_api(restApiId=api["id"])
    with pytest.raises(client.exceptions.NotFoundException):
        client.delete_usage_plan(usagePlanId="none")
