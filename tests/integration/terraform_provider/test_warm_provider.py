"""The warm provider does what the plain one does, and concurrent runs do not interfere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.terraform.warm_provider import client, locate, types_used

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

REPO = Path(__file__).resolve().parents[3]
ROOT_TF = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {
  region      = "us-east-1"
  max_retries = 2
  default_tags {
    tags = { who = "%(who)s" }
  }
}
resource "aws_ssm_parameter" "this" {
  count = 3
  name  = "/warm/%(who)s/${count.index}"
  type  = "String"
  value = "v"
}
"""


@pytest.fixture(scope="module")
def binary() -> Path:
    path = locate.provider_binary(REPO)
    if path is None:
        pytest.fail("no unpacked provider: run `make setup`")
    return path


@pytest.fixture
def repo(tmp_path: Path, binary: Path) -> Iterator[Path]:
    """A separate checkout for the server, so that a developer's warm provider is not used."""
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "orchestrator").symlink_to(REPO / "orchestrator")
    yield folder
    client.stop(folder, binary)


class Stack:
    def __init__(self, folder: Path, who: str, environment: dict[str, str]) -> None:
        folder.mkdir()
        (folder / "main.tf").write_text(ROOT_TF % {"who": who})
        self.folder, self.name, self.environment = folder, who, environment

    def attach(self, repo: Path, binary: Path) -> None:
        self.environment["TF_REATTACH_PROVIDERS"] = client.attach(
            repo, binary, name=self.name, types=types_used.in_tree(self.folder), environment=self.environment
        )

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        terraform = shutil.which("terraform") or str(REPO / ".tools/bin/terraform")
        return subprocess.run(
            [terraform, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
def make_stack(tmp_path: Path, emulator: Any) -> Any:
    def make(who: str) -> Stack:
        return Stack(tmp_path / who, who, dict(emulator.environment()))

    return make


def ok(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def tags(aws: Any, name: str) -> dict[str, str]:
    listed = aws("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def test_two_configurations_at_once_do_not_share_a_provider(
    make_stack: Any, repo: Path, binary: Path, aws: Any
) -> None:
    stacks = [make_stack("alpha"), make_stack("beta")]
    for stack in stacks:
        stack.attach(repo, binary)
        ok(stack.terraform("init", "-input=false"))
    terraform = shutil.which("terraform") or str(REPO / ".tools/bin/terraform")
    running = [
        subprocess.Popen(
            [terraform, "apply", "-auto-approve"], cwd=s.folder, env=s.environment, stdout=subprocess.DEVNULL
        )
        for s in stacks
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    assert tags(aws, "/warm/alpha/0") == {"who": "alpha"}
    assert tags(aws, "/warm/beta/0") == {"who": "beta"}
    for stack in stacks:
        assert stack.terraform("plan", "-detailed-exitcode").returncode == 0
    status = client.send(client.runtime_folder(repo, binary), {"op": "status"})
    assert len([p for p in status["providers"] if p["configured"]]) == 2
    for stack in stacks:
        ok(stack.terraform("destroy", "-auto-approve"))


def test_an_interrupted_run_does_not_affect_the_other(make_stack: Any, repo: Path, binary: Path, aws: Any) -> None:
    victim, bystander = make_stack("victim"), make_stack("bystander")
    for stack in (victim, bystander):
        (stack.folder / "main.tf").write_text((ROOT_TF % {"who": "same"}).replace("/same/", f"/{stack.name}/"))
        stack.attach(repo, binary)
        ok(stack.terraform("init", "-input=false"))
    terraform = shutil.which("terraform") or str(REPO / ".tools/bin/terraform")
    command = [terraform, "apply", "-auto-approve"]
    interrupted = subprocess.Popen(
        command, cwd=victim.folder, env=victim.environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    other = subprocess.Popen(command, cwd=bystander.folder, env=bystander.environment, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    os.killpg(interrupted.pid, signal.SIGINT)
    interrupted.wait(60)
    assert other.wait(120) == 0
    assert tags(aws, "/warm/bystander/2") == {"who": "same"}
    for stack in (victim, bystander):
        ok(stack.terraform("destroy", "-auto-approve"))


def wait_dead(repo: Path, binary: Path) -> None:
    """Wait for the end of a killed server; until then it still accepts connections."""
    folder, deadline = client.runtime_folder(repo, binary), time.monotonic() + 10
    while any(provider["alive"] for provider in client.send(folder, {"op": "status"})["providers"]):
        assert time.monotonic() < deadline, "a provider survived SIGKILL"
        time.sleep(0.01)


def test_a_killed_provider_is_replaced_on_the_next_command(make_stack: Any, repo: Path, binary: Path) -> None:
    stack = make_stack("phoenix")
    stack.attach(repo, binary)
    ok(stack.terraform("init", "-input=false"))
    ok(stack.terraform("apply", "-auto-approve"))
    for provider in client.send(client.runtime_folder(repo, binary), {"op": "status"})["providers"]:
        os.kill(provider["pid"], signal.SIGKILL)
    wait_dead(repo, binary)
    assert stack.terraform("plan", "-detailed-exitcode").returncode == 0
    ok(stack.terraform("destroy", "-auto-approve"))


@pytest.mark.full
def test_a_provider_that_dies_during_an_apply_fails_only_the_calls_in_progress(
    make_stack: Any, repo: Path, binary: Path
) -> None:
    stack = make_stack("halfway")
    head = (ROOT_TF % {"who": "halfway"}).partition('resource "')[0]
    # Creating a topic twice under one name returns the same topic.
    topics = 'resource "aws_sns_topic" "this" {\n  count = 80\n  name  = "halfway-${count.index}"\n}\n'
    (stack.folder / "main.tf").write_text(head + topics)
    stack.attach(repo, binary)
    ok(stack.terraform("init", "-input=false"))
    terraform = shutil.which("terraform") or str(REPO / ".tools/bin/terraform")
    command = [terraform, "apply", "-auto-approve", "-json"]
    made = []
    with subprocess.Popen(command, cwd=stack.folder, env=stack.environment, stdout=subprocess.PIPE, text=True) as apply:
        assert apply.stdout is not None
        for event in map(json.loads, apply.stdout):
            if event["type"] == "apply_complete":
                made.append(event["hook"]["resource"]["addr"])
                if len(made) == 10:
                    for provider in client.send(client.runtime_folder(repo, binary), {"op": "status"})["providers"]:
                        os.kill(provider["pid"], signal.SIGKILL)
    assert apply.returncode == 1
    assert len(made) > 20, "the others were made by another provider"
    state = json.loads((stack.folder / "terraform.tfstate").read_text())
    (resource,) = state["resources"]
    stored = {f"aws_sns_topic.this[{instance['index_key']}]" for instance in resource["instances"]}
    assert set(made) <= stored
    ok(stack.terraform("apply", "-auto-approve"))
    assert stack.terraform("plan", "-detailed-exitcode").returncode == 0
    ok(stack.terraform("destroy", "-auto-approve"))


def test_a_killed_server_ends_its_providers(make_stack: Any, repo: Path, binary: Path) -> None:
    stack = make_stack("orphan")
    stack.attach(repo, binary)
    ok(stack.terraform("init", "-input=false"))
    ok(stack.terraform("plan"))
    folder = client.runtime_folder(repo, binary)
    status = client.send(folder, {"op": "status"})
    os.kill(status["pid"], signal.SIGKILL)
    stack.attach(repo, binary)  # starts a new server, which ends what the old one may have left
    deadline = time.monotonic() + 5
    pids = [provider["pid"] for provider in status["providers"]]
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)
    listing = subprocess.run(["ps", "-o", "pid=,stat=", "-p", ",".join(map(str, pids))], capture_output=True, text=True)
    assert all("Z" in line for line in listing.stdout.splitlines()), listing.stdout


def test_an_unknown_type_is_reported(make_stack: Any, repo: Path, binary: Path) -> None:
    stack = make_stack("narrow")
    stack.attach(repo, binary)
    (stack.folder / "more.tf").write_text('resource "aws_vpc" "new" {\n  cidr_block = "10.0.0.0/16"\n}\n')
    ok(stack.terraform("init", "-input=false"))
    done = stack.terraform("validate", "-json")
    summaries = [item["summary"] for item in json.loads(done.stdout)["diagnostics"]]
    assert summaries == ["Invalid resource type"]
