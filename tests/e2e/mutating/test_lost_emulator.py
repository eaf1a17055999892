"""The local AWS is lost while terraform applies to it; and at last it is stopped, with all that belongs to it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import time
import zipfile

import pytest

from orchestrator.aws.state import _addresses
from orchestrator.terraform.record import of_run
from tests.support.checkout import Checkout
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

PLATFORM = "terraform/envs/local/platform.yaml"


@pytest.fixture(scope="module")
def line(deployed: Deployed) -> Checkout:
    return deployed.checkout


def test_the_emulator_killed_during_an_apply(line: Checkout) -> None:
    start_a_worker(line)
    workers = {pid for pid, words in line.processes().items() if "lambda_worker" in words}
    assert workers, "otherwise there is nothing to be orphaned"
    pid = int(json.loads((line.folder / ".emulator" / "local" / "emulator.json").read_text())["pid"])
    with line.edited(PLATFORM, "log_retention_days: 7", "log_retention_days: 14"):
        running = line.start("phase", "rollout", "local", "--phase", "foundation")
        running.wait_for("foundation", "apply (")
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        assert running.end(120) == 12, running.said()[-4000:]
        assert time.monotonic() - killed < 10, "terraform and its provider would try again for minutes"
    output = running.said()
    assert re.search(rf"error: the local AWS \(pid {pid}\) died during `\w+`; everything in it is lost", output), output
    assert (
        "hint: `orchestrator emulator logs local` shows the end of its output; deploy again to start afresh" in output
    )
    result = line.result()
    assert (result["status"], result["exit_code"], result["error"]["type"]) == ("failed", 12, "EmulatorError")
    assert not list(line.folder.glob("terraform/**/errored.tfstate"))
    left = {
        number: words
        for number, words in line.processes().items()
        if "-m orchestrator.terraform.warm_provider" not in words
    }
    assert left == {}
    assert json.loads(line.orchestrator("status", "local", "--json").stdout)["stacks"] == []


def start_a_worker(line: Checkout) -> None:
    """A function that has answered has a process that waits for its next call."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): return event")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = line.client("iam").create_role(RoleName="echo", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    functions = line.client("lambda")
    functions.create_function(
        FunctionName="echo",
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
    )
    assert json.load(functions.invoke(FunctionName="echo", Payload=b"7")["Payload"]) == 7


def test_the_next_deploy_begins_from_nothing_and_a_second_interrupt_loses_nothing(line: Checkout) -> None:
    running = line.start("deploy", "local")
    running.wait_for("foundation", "module.vpc.aws_vpc.this[0]: Creating")
    assert line.evidence(kind="endpoint") == [], "a new local AWS"
    running.process.send_signal(signal.SIGINT)
    running.wait_for_words("interrupted: waiting")
    running.process.send_signal(signal.SIGINT)
    assert running.end(10) == 130, running.said()[-4000:]
    assert nothing_is_lost(line) > 3


def test_a_killed_deploy_loses_nothing(line: Checkout) -> None:
    running = line.start("deploy", "local")
    running.wait_for("foundation", ": Creation complete")
    running.process.send_signal(signal.SIGKILL)
    assert running.end(10) == -9
    assert nothing_is_lost(line) > 20


def nothing_is_lost(line: Checkout) -> int:
    """All that terraform has made is in its state, once it has ended by itself; how much that was."""
    deadline = time.monotonic() + 120
    while any("/terraform " in words for words in line.processes().values()):
        assert time.monotonic() < deadline, line.processes()
        time.sleep(0.2)
    s3, total = line.client("s3"), 0
    for record in of_run((line.folder / ".runs/local/latest").resolve()):
        command = record.command
        if command is None or command.command != "apply" or not record.stdout.exists():
            continue
        events = [json.loads(text) for text in record.stdout.read_text().splitlines() if text.startswith("{")]
        made = {
            event["hook"]["resource"]["addr"]
            for event in events
            if event["type"] == "apply_complete" and event["hook"]["action"] == "create"
        }
        state = json.loads(s3.get_object(Bucket=command.bucket, Key=command.state_key)["Body"].read())
        assert made - set(_addresses(state)) == set()
        listed = s3.list_objects_v2(Bucket=command.bucket, Prefix=f"{command.state_key}.tflock")
        assert listed["KeyCount"] == 0, "the lock was given back"
        total += len(made)
    return total


def test_when_the_emulator_goes_down_everything_goes(line: Checkout) -> None:
    assert line.processes()
    assert line.orchestrator("emulator", "down", "local").stdout == "stopped\n"
    deadline = time.monotonic() + 10
    while line.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert line.processes() == {}
