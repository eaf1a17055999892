"""Fidelity follows from what a record holds, and from what it caused."""

from __future__ import annotations

import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from emulator.core import fidelity
from emulator.core.evidence import EvidenceStore, caused_by
from tests.support import clients
from tests.support.compute import ROLE, TRUST, Lambdas, wait_for, zipped
from tests.support.process import start, wait_ready

SHA = "a" * 64


def test_only_a_process_with_an_artifact_is_executed() -> None:
    store = EvidenceStore()
    record = store.begin("training", "job", detail={"needs_process": True})
    assert store.fidelity(record.id) == "emulated"
    store.update(record.id, pid=1)
    assert store.fidelity(record.id) == "emulated"
    store.update(record.id, artifact_sha256=SHA)
    assert store.fidelity(record.id) == "executed"


def test_work_that_never_started_was_not_run() -> None:
    store = EvidenceStore()
    record = store.begin("glue-job", "job", detail={"needs_process": True})
    store.fail(record.id, "no script")
    document = store.as_dict(record.id)
    assert document is not None
    assert document["fidelity"] == "not-run"


def test_a_call_is_as_real_as_the_weakest_thing_it_caused() -> None:
    store = EvidenceStore()
    call = store.begin("states-call", "lambda:invoke", execution="exec-1", state="Ask")
    assert store.fidelity(call.id) == "emulated"
    with caused_by(call.id):
        function = store.begin("lambda", "router", pid=1, artifact_sha256=SHA)
    assert (function.execution, function.state) == ("exec-1", "Ask")
    assert store.fidelity(call.id) == "executed"
    model = store.begin("bedrock", "nova", parent=function.id, stand_in="prompt-reader-1")
    assert store.fidelity(call.id) == "stand-in"
    assert [item["id"] for item in store.query(execution="exec-1")] == [call.id, function.id, model.id]


def test_a_notice_makes_the_work_no_less_real() -> None:
    store = EvidenceStore()
    work = store.begin("training", "job", pid=1, artifact_sha256=SHA)
    mail = store.begin("event-delivery", "user@example.com", parent=work.id, recorded=True)
    assert store.fidelity(mail.id) == "recorded"
    assert store.fidelity(work.id) == "executed"


def test_credentials_are_lent_to_one_record_at_a_time() -> None:
    store = EvidenceStore()
    store.lend_credentials("AKIA1", "ev-1")
    store.lend_credentials("AKIA1", "ev-2")
    assert store.borrower("AKIA1") == "ev-2"
    store.lend_credentials("AKIA1", None)
    assert store.borrower("AKIA1") is None


def test_the_oldest_ended_records_go_first() -> None:
    store = EvidenceStore(capacity=2)
    running = store.begin("lambda", "a")
    ended = store.begin("lambda", "b")
    store.succeed(ended.id)
    newest = store.begin("lambda", "c")
    assert [item["id"] for item in store.query()] == [running.id, newest.id]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of evidence 'magic'"):
        EvidenceStore().begin("magic", "x")


ASK_BEDROCK = """
import boto3
def handler(event, context):
    answer = boto3.client("bedrock-runtime").converse(
        modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": event["text"]}]}])
    return answer["output"]["message"]["content"][0]["text"]
"""


@pytest.mark.emulator
def test_a_function_that_calls_the_stand_in_has_its_fidelity(lambdas: Lambdas, seen: Any) -> None:
    name = lambdas.deploy(ASK_BEDROCK)
    _, answer = lambdas.call(name, {"text": "hello there"})
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "stand-in"
    [call] = [record for record in seen(kind="bedrock") if record["parent"] == headers["x-emulator-evidence"]]
    assert call["resource"] == "amazon.nova-lite-v1:0"


@pytest.mark.full
@pytest.mark.emulator
def test_children_end_with_the_server_even_when_it_is_killed(tmp_path: Path) -> None:
    process, log = start(tmp_path)
    try:
        endpoint = wait_ready(process, tmp_path, log)["endpoint"]

        def client(service: str) -> Any:
            return clients.client(service, endpoint)

        client("iam").create_role(RoleName="compute-tests", AssumeRolePolicyDocument=TRUST)
        source = "import os\ndef handler(e, c): return os.getpid()"
        client("lambda").create_function(
            FunctionName="pid",
            Runtime="python3.12",
            Role=ROLE,
            Handler="handler.handler",
            Code={"ZipFile": zipped(handler=source)},
        )
        child = int(client("lambda").invoke(FunctionName="pid")["Payload"].read())
        os.kill(child, 0)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_for(lambda: _alive(child), until=lambda alive: not alive, seconds=10)


def _alive(pid: int) -> bool:
    """A zombie that waits for its new parent does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return os.path.isdir("/proc/self") is False


def test_there_is_one_order_of_fidelity_from_real_to_nothing() -> None:
    for stronger, weaker in pairwise(fidelity.ORDER):
        assert fidelity.weakest(stronger, weaker) == fidelity.weakest(weaker, stronger) == weaker
    assert fidelity.ORDER == ("executed", "emulated", "stand-in", "recorded", "not-run")
