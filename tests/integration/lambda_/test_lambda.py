"""Functions run from their deployed zip, in a separate process, under their role."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import Lambdas, unique, wait_for, zipped
from tests.support.delivery import permit

pytestmark = pytest.mark.emulator

ECHO = "def handler(event, context):\n    print('got', event)\n    return event\n"
IDENTITY = """
import os, boto3
def handler(event, context):
    return {"arn": boto3.client("sts").get_caller_identity()["Arn"], "names": sorted(os.environ), "pid": os.getpid(),
            "context": [context.function_name, context.aws_request_id, context.get_remaining_time_in_millis()]}
"""


def test_it_answers_and_is_declared_as_executed(lambdas: Lambdas, seen: Any) -> None:
    name = lambdas.deploy(ECHO)
    payload, answer = lambdas.call(name, {"a": [1, "é"]}, LogType="Tail")
    assert payload == {"a": [1, "é"]}
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "executed"
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "got {'a': [1, 'é']}" in log
    assert "REPORT RequestId" in log
    [record] = seen(kind="lambda", resource=name)
    assert record["id"] == headers["x-emulator-evidence"]
    assert record["status"] == "succeeded"
    deployed = lambdas.client.get_function_configuration(FunctionName=name)["CodeSha256"]
    assert bytes.fromhex(record["artifact_sha256"]) == base64.b64decode(deployed)


def test_it_runs_under_its_role_without_the_shell_s_environment(
    lambdas: Lambdas, seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = lambdas.deploy(IDENTITY, Environment={"Variables": {"MINE": "1"}})
    payload, _ = lambdas.call(name)
    assert payload["arn"] == f"arn:aws:sts::123456789012:assumed-role/compute-tests/{name}"
    assert payload["pid"] == seen(kind="lambda", resource=name)[0]["pid"]
    assert payload["context"][0] == name
    assert payload["context"][2] > 0
    names = set(payload["names"])
    assert {"MINE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT"} <= names
    assert not {"AWS_PROFILE", "HTTP_PROXY", "HTTPS_PROXY", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & names


def test_warm_calls_reuse_the_process(lambdas: Lambdas, seen: Any) -> None:
    name = lambdas.deploy(ECHO)
    for _ in range(5):
        lambdas.call(name)
    records = seen(kind="lambda", resource=name)
    assert len(records) == 5
    assert len({record["pid"] for record in records}) == 1


def test_new_code_replaces_the_process(lambdas: Lambdas) -> None:
    name = lambdas.deploy("def handler(event, context): return 1")
    assert lambdas.call(name)[0] == 1
    lambdas.client.update_function_code(FunctionName=name, ZipFile=zipped(handler="def handler(e, c): return 2"))
    assert lambdas.call(name)[0] == 2


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("def handler(e, c): raise KeyError('boom')", "KeyError", "'boom'"),
        ("import nothere", "Runtime.ImportModuleError", "Unable to import module 'handler': No module named 'nothere'"),
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'handler'"),
        ("def handler(e, c): return {1, 2}", "Runtime.MarshalError", "Unable to marshal response"),
        ("import os\ndef handler(e, c): os._exit(3)", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_errors_are_reported_as_on_aws(lambdas: Lambdas, seen: Any, source: str, error_type: str, message: str) -> None:
    name = lambdas.deploy(source)
    payload, answer = lambdas.call(name)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == error_type
    assert message in payload["errorMessage"]
    assert seen(kind="lambda", resource=name)[0]["status"] == "failed"


def test_a_timeout_kills_the_process_and_the_next_call_gets_a_fresh_one(lambdas: Lambdas, seen: Any) -> None:
    name = lambdas.deploy("import time\ndef handler(e, c): time.sleep(e.get('s', 0)); return 'ok'", timeout=1)
    # Longer than this client waits for an answer.
    payload, _ = lambdas.call(name, {"s": 300})
    assert payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in payload["errorMessage"]
    [record] = seen(kind="lambda", resource=name)
    with pytest.raises(ProcessLookupError):
        os.kill(record["pid"], 0)
    assert lambdas.call(name)[0] == "ok"


def test_killing_the_process_fails_the_invocation(lambdas: Lambdas, seen: Any) -> None:
    name = lambdas.deploy("import time\ndef handler(e, c): time.sleep(20)")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(lambdas.call(name)))
    caller.start()
    [record] = wait_for(lambda: seen(kind="lambda", resource=name), until=lambda result: result and result[0]["pid"])
    time.sleep(0.2)
    os.kill(record["pid"], signal.SIGKILL)
    caller.join(10)
    assert answers[0][0]["errorType"] == "Runtime.ExitError"
    [record] = seen(kind="lambda", resource=name)
    assert (record["status"], record["exit_code"]) == ("failed", -9)


def test_dry_run_runs_nothing(lambdas: Lambdas, seen: Any) -> None:
    name = lambdas.deploy(ECHO)
    assert lambdas.client.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    assert seen(kind="lambda", resource=name) == []


PATIENT = """
import pathlib, time
def handler(event, context):
    while len(list(pathlib.Path(event["folder"]).iterdir())) < event["count"]:
        time.sleep(0.02)
    raise ValueError("no")
"""


def test_event_returns_at_once_and_retries(lambdas: Lambdas, seen: Any, tmp_path: Path) -> None:
    name = lambdas.deploy(PATIENT)
    event = json.dumps({"folder": str(tmp_path), "count": 1}).encode()
    answer = lambdas.client.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert answer["StatusCode"] == 202
    assert {record["status"] for record in seen(kind="lambda", resource=name)} <= {"running"}
    (tmp_path / "go").touch()
    records = wait_for(
        lambda: seen(kind="lambda", resource=name),
        until=lambda result: len(result) == 3 and all(record["status"] == "failed" for record in result),
        seconds=15,
    )
    assert len(records) == 3


def test_variables_are_decrypted_only_for_their_function(lambdas: Lambdas, aws: Any) -> None:
    kms, arn = aws("kms"), "arn:aws:lambda:us-east-1:123456789012:function:"
    key = kms.create_key()["KeyMetadata"]["Arn"]
    name = lambdas.deploy(ECHO, KMSKeyArn=key, Environment={"Variables": {"MINE": "1"}})

    def only_for(function: str) -> None:
        root = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Resource": "*"}
        context = {"StringEquals": {"kms:EncryptionContext:aws:lambda:FunctionArn": f"{arn}{function}"}}
        statements = [{**root, "Action": "kms:PutKeyPolicy"}, {**root, "Action": "kms:Decrypt", "Condition": context}]
        policy = {"Version": "2012-10-17", "Statement": statements}
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

    only_for("another")
    with pytest.raises(ClientError, match="KMSAccessDeniedException") as denied:
        lambdas.call(name)
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    only_for(name)
    assert lambdas.call(name, {"a": 1})[0] == {"a": 1}


def test_a_reserved_concurrency_of_zero_throttles(lambdas: Lambdas) -> None:
    name = lambdas.deploy(ECHO)
    lambdas.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as error:
        lambdas.call(name)
    assert error.value.response["Error"]["Code"] == "TooManyRequestsException"


def test_unknown_function_and_broken_json(lambdas: Lambdas) -> None:
    with pytest.raises(ClientError) as error:
        lambdas.call("no-such-function")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    name = lambdas.deploy(ECHO)
    with pytest.raises(ClientError) as error:
        lambdas.client.invoke(FunctionName=name, Payload=b"{nope")
    assert error.value.response["Error"]["Code"] == "InvalidRequestContentException"


TOGETHER = """
import os, pathlib, time
def handler(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < 3:
        time.sleep(0.02)
    return 3
"""


def test_concurrent_calls_run_at_the_same_time(lambdas: Lambdas, seen: Any, tmp_path: Path) -> None:
    name = lambdas.deploy(TOGETHER)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: lambdas.call(name, {"folder": str(tmp_path)})[0], range(3)))
    assert answers == [3, 3, 3], "each waits for the two others"
    assert len({record["pid"] for record in seen(kind="lambda", resource=name)}) == 3


def test_a_layer_is_importable(lambdas: Lambdas) -> None:
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/shared_words.py", "WORD = 'from the layer'")
    layer = lambdas.client.publish_layer_version(LayerName=unique("layer"), Content={"ZipFile": content.getvalue()})
    source = "import shared_words\ndef handler(e, c): return shared_words.WORD"
    name = lambdas.deploy(source, Layers=[layer["LayerVersionArn"]])
    assert lambdas.call(name)[0] == "from the layer"


def test_output_reaches_cloudwatch_logs(lambdas: Lambdas, aws: Any) -> None:
    name = lambdas.deploy("import logging\ndef handler(e, c):\n    logging.warning('careful'); print('plain')")
    lambdas.call(name)
    events = aws("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    messages = [event["message"] for event in events]
    assert "plain" in messages
    assert any(message.startswith("[WARNING]") and message.endswith("careful") for message in messages)


def test_sns_and_sqs_invoke(lambdas: Lambdas, aws: Any, bucket: str) -> None:
    source = f"""
import boto3, json
def handler(event, context):
    record = event["Records"][0]
    text = record["Sns"]["Message"] if "Sns" in record else record["body"]
    boto3.client("s3").put_object(Bucket={bucket!r}, Key="triggered/" + text, Body=json.dumps(event))
"""
    name = lambdas.deploy(source)
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    permit(aws, name, "sns", topic)
    aws("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=lambdas.arn(name))
    aws("sns").publish(TopicArn=topic, Message="by-sns")
    queue = aws("sqs").create_queue(QueueName=unique("queue"))["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lambdas.client.create_event_source_mapping(EventSourceArn=arn, FunctionName=name, BatchSize=1)
    aws("sqs").send_message(QueueUrl=queue, MessageBody="by-sqs")

    def triggered() -> set[str]:
        contents = aws("s3").list_objects_v2(Bucket=bucket, Prefix="triggered/").get("Contents", [])
        return {item["Key"] for item in contents}

    wait_for(triggered, until=lambda keys: keys == {"triggered/by-sns", "triggered/by-sqs"}, seconds=20)
    assert json.loads(aws("s3").get_object(Bucket=bucket, Key="triggered/by-sns")["Body"].read())
