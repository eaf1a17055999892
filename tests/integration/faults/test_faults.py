"""Faults hit the calls that they name, as often as configured, and record every hit."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from emulator.faults.store import KINDS
from tests.support.compute import wait_for
from tests.support.faults import ask, fault

pytestmark = pytest.mark.emulator

VERSION = "2012-10-17"


@pytest.fixture
def parameter(aws: Any) -> str:
    name = f"/faults/{uuid.uuid4().hex[:8]}"
    aws("ssm").put_parameter(Name=name, Value="there", Type="String")
    return name


def evidence_of(emulator: Any, fault_id: str) -> list[dict[str, Any]]:
    from tests.support.compute import evidence

    return [record for record in evidence(emulator.endpoint, kind="fault") if record["detail"]["fault"] == fault_id]


def test_only_the_named_resource_is_hit_and_every_hit_is_on_record(aws: Any, emulator: Any, parameter: str) -> None:
    ssm = aws("ssm")
    ssm.put_parameter(Name=f"{parameter}-other", Value="there", Type="String")
    with fault(emulator.endpoint, "throttle", "ssm", action="GetParameter", resource=parameter, every=2) as armed:
        codes, named = [], []
        for _ in range(4):
            try:
                codes.append(ssm.get_parameter(Name=parameter)["Parameter"]["Value"])
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
                named.append(error.response["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fault"])
            assert ssm.get_parameter(Name=f"{parameter}-other")["Parameter"]["Value"] == "there"
        assert codes == ["there", "ThrottlingException", "there", "ThrottlingException"]
        assert named == [f"{armed.id} throttle"] * 2
        assert (armed.now["seen"], armed.fired) == (4, 2)
    assert ssm.get_parameter(Name=parameter)["Parameter"]["Value"] == "there"
    records = evidence_of(emulator, armed.id)
    assert [(r["resource"], r["detail"]["call"]) for r in records] == [(parameter, "ssm:GetParameter")] * 2
    assert emulator.log.read_text().count(f"fault {armed.id} throttle hit ssm:GetParameter {parameter}") == 2


@pytest.mark.parametrize(
    ("kind", "service", "client", "call", "code", "status"),
    [
        ("throttle", "bedrock", "bedrock-runtime", "converse", "ThrottlingException", 429),
        ("quota-zero", "bedrock", "bedrock-runtime", "converse", "ServiceQuotaExceededException", 400),
        ("access-denied", "bedrock", "bedrock-runtime", "converse", "AccessDeniedException", 403),
        ("throttle", "sagemaker", "sagemaker-runtime", "invoke_endpoint", "ThrottlingException", 400),
        ("quota-zero", "sagemaker", "sagemaker", "create_endpoint", "ResourceLimitExceeded", 400),
        ("throttle", "lambda", "lambda", "invoke", "TooManyRequestsException", 429),
        ("throttle", "s3", "s3", "get_object", "SlowDown", 503),
        ("throttle", "sqs", "sqs", "send_message", "RequestThrottled", 400),
        ("throttle", "iam", "iam", "get_role", "Throttling", 400),
        ("throttle", "ec2", "ec2", "describe_vpcs", "RequestLimitExceeded", 503),
        ("server-error", "ec2", "ec2", "describe_vpcs", "InternalError", 500),
        ("server-error", "s3", "s3", "get_object", "InternalError", 500),
        ("server-error", "iam", "iam", "get_role", "InternalFailure", 500),
        ("server-error", "ssm", "ssm", "get_parameter", "InternalServerError", 500),
        ("server-error", "lambda", "lambda", "invoke", "ServiceException", 500),
    ],
)
def test_each_service_has_its_own_error(
    aws: Any, emulator: Any, kind: str, service: str, client: str, call: str, code: str, status: int
) -> None:
    mine = f"m-{uuid.uuid4().hex[:8]}"
    arguments: dict[str, dict[str, Any]] = {
        "converse": {"modelId": mine, "messages": [{"role": "user", "content": [{"text": "x"}]}]},
        "invoke_endpoint": {"EndpointName": mine, "Body": b"x"},
        "create_endpoint": {"EndpointName": mine, "EndpointConfigName": "x"},
        "invoke": {"FunctionName": mine},
        "get_object": {"Bucket": mine, "Key": "x"},
        "send_message": {"QueueUrl": f"{emulator.endpoint}/123456789012/{mine}", "MessageBody": "x"},
        "get_role": {"RoleName": mine},
        "describe_vpcs": {"VpcIds": [mine]},
        "get_parameter": {"Name": mine},
    }
    with fault(emulator.endpoint, kind, service, resource=f"*{mine}*") as armed:
        with pytest.raises(ClientError) as error:
            getattr(aws(client), call)(**arguments[call])
        assert armed.fired == 1
    answer = error.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


def test_aws_s_own_retries_overcome_a_flaky_service(aws: Any, emulator: Any) -> None:
    """Of four calls the first is throttled once and the second fails once, as the seed for this name draws."""
    name = "/faults/flaky"
    aws("ssm").put_parameter(Name=name, Value="there", Type="String", Overwrite=True)
    patient = aws("ssm", retries={"mode": "standard", "total_max_attempts": 3})
    with fault(emulator.endpoint, "flaky", "*", rate=0.3, seed=136, resource=name) as armed:
        answers = [patient.get_parameter(Name=name) for _ in range(4)]
        assert (armed.now["seen"], armed.fired) == (6, 2)
    assert [answer["ResponseMetadata"]["RetryAttempts"] for answer in answers] == [1, 1, 0, 0]


def test_services_that_call_each_other_are_not_flaky(aws: Any, emulator: Any, parameter: str) -> None:
    """A state machine's task calls once, under the machine's role."""
    role = _role(aws, f"r-{uuid.uuid4().hex[:8]}")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
        "Parameters": {"Name": parameter},
        "End": True,
    }
    states = aws("stepfunctions")
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": task}})
    machine = states.create_state_machine(name=role.rpartition("/")[2], definition=definition, roleArn=role)
    with fault(emulator.endpoint, "flaky", "*", rate=1, resource=parameter) as armed:
        started = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        ended = wait_for(
            lambda: states.describe_execution(executionArn=started), until=lambda result: result["status"] != "RUNNING"
        )
        assert armed.now["seen"] == 0
    assert (ended["status"], json.loads(ended["output"])["Parameter"]["Value"]) == ("SUCCEEDED", "there")


def _role(aws: Any, name: str) -> str:
    allow = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
    role = aws("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": VERSION, "Statement": [trust]})
    )
    aws("iam").put_role_policy(
        RoleName=name, PolicyName="ask", PolicyDocument=json.dumps({"Version": VERSION, "Statement": [allow]})
    )
    return str(role["Role"]["Arn"])


def test_a_dropped_connection_has_no_response_and_the_next_call_gets_one(
    aws: Any, emulator: Any, parameter: str
) -> None:
    ssm = aws("ssm")
    with fault(
        emulator.endpoint, "drop-connection", "ssm", action="PutParameter", resource=parameter, count=1
    ) as armed:
        with pytest.raises(ConnectionClosedError):
            ssm.put_parameter(Name=parameter, Value="lost", Type="String", Overwrite=True)
        assert ssm.get_parameter(Name=parameter)["Parameter"]["Value"] == "there"
        ssm.put_parameter(Name=parameter, Value="new", Type="String", Overwrite=True)
        assert armed.fired == 1
    assert ssm.get_parameter(Name=parameter)["Parameter"]["Value"] == "new"


def test_a_slow_response_is_correct_and_late(aws: Any, emulator: Any, parameter: str) -> None:
    with fault(emulator.endpoint, "slow", "ssm", resource=parameter, delay_seconds=0.5):
        began = time.monotonic()
        answer = aws("ssm").get_parameter(Name=parameter)
        assert time.monotonic() - began >= 0.5
    assert answer["Parameter"]["Value"] == "there"
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fault"].endswith(" slow")


def test_a_malformed_response_has_status_200_and_is_not_repeated(aws: Any, emulator: Any) -> None:
    mine = f"m-{uuid.uuid4().hex[:8]}"
    runtime = aws("sagemaker-runtime")
    with fault(emulator.endpoint, "malformed", "sagemaker", resource=mine):
        answer = runtime.invoke_endpoint(EndpointName=mine, Body=b"x")
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer["Body"].read())
    with pytest.raises(ClientError, match="not found"):
        runtime.invoke_endpoint(EndpointName=mine, Body=b"x")


def test_an_unauthorized_call_is_refused_and_not_counted(aws: Any, emulator: Any, parameter: str) -> None:
    import boto3

    stranger = boto3.client(
        "ssm",
        endpoint_url=emulator.endpoint,
        region_name=emulator.region,
        aws_access_key_id="AKIANOBODYKNOWSTHIS",
        aws_secret_access_key="x",
    )
    with fault(emulator.endpoint, "throttle", "ssm", resource=parameter) as armed:
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            stranger.get_parameter(Name=parameter)
        assert armed.now["seen"] == 0


def test_the_emulator_s_own_lookups_are_not_hit(aws: Any, emulator: Any) -> None:
    name = f"p-{uuid.uuid4().hex[:8]}"
    model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    made = aws("bedrock").create_inference_profile(inferenceProfileName=name, modelSource={"copyFrom": model})
    arn = made["inferenceProfileArn"]
    with fault(emulator.endpoint, "throttle", "bedrock", resource=arn, every=2) as armed:
        request = {"modelId": arn, "messages": [{"role": "user", "content": [{"text": "x"}]}]}
        assert aws("bedrock-runtime").converse(**request)["stopReason"] == "end_turn"
        assert armed.now["seen"] == 1


def test_the_page_of_faults_lists_refuses_and_disarms(emulator: Any) -> None:
    status, answer = ask(emulator.endpoint, "GET")
    assert (status, answer["kinds"]) == (200, KINDS)
    document = {"kind": "throttle", "service": "nothing", "count": 1}
    status, answer = ask(emulator.endpoint, "POST", document=document)
    assert (status, answer["fault"]["over"]) == (201, False)
    fault_id = answer["fault"]["id"]
    assert ask(emulator.endpoint, "POST", document=document, Content_Type="text/plain")[0] == 415
    assert ask(emulator.endpoint, "POST", document={**document, "count": -1}) == (
        400,
        {"message": "`count` must be a whole number from 1 to 10000, got -1"},
    )
    assert ask(emulator.endpoint, "DELETE", f"/{fault_id}") == (200, {"disarmed": [fault_id]})
    assert ask(emulator.endpoint, "DELETE", f"/{fault_id}")[0] == 404
    assert ask(emulator.endpoint, "PUT", document=document)[0] == 405
