"""Commands that only ask: what is there, what it publishes, and how the same is done by hand."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.support.checkout import Checkout
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


@pytest.fixture(scope="module")
def checkout(deployed: Deployed) -> Checkout:
    return deployed.checkout


def test_status_outputs_and_emulator_tell_what_is_there(checkout: Checkout) -> None:
    status: dict[str, Any] = json.loads(checkout.orchestrator("status", "local", "--json").stdout)
    assert status["where"] == f"account 123456789012, us-east-1, http://127.0.0.1:{checkout.port}"
    assert status["last_run"]["exit_code"] == 0
    deployed = {stack["name"] for stack in status["stacks"] if stack["resources"]}
    assert deployed >= {"foundation", "data", "models", "inference", "blueprint-chat", "blueprint-reviews"}
    assert {stack["name"] for stack in status["stacks"] if stack["lock"]} == set()
    published = json.loads(checkout.orchestrator("outputs", "local", "--json").stdout)
    assert set(published) == deployed
    assert published["foundation"]["s3"]["bucket_name"] == "mlops-local-data-123456789012-us-east-1"
    pid = json.loads((checkout.folder / ".emulator" / "local" / "emulator.json").read_text())["pid"]
    lines = checkout.orchestrator("emulator", "status", "local").stdout.splitlines()
    assert lines == [
        f"the local AWS of `local` runs at http://127.0.0.1:{checkout.port} (pid {pid}, account 123456789012)",
        'for a shell: eval "$(orchestrator emulator env local)"',
        f"log: {checkout.folder}/.emulator/local/emulator.log",
    ]
    assert len(checkout.orchestrator("emulator", "logs", "local", "--lines", "7").stdout.splitlines()) == 7


@pytest.mark.full
def test_the_lines_that_render_prints_work_by_hand(checkout: Checkout) -> None:
    printed = checkout.orchestrator("render", "local", "foundation").stdout
    # The environment of this copy is that of the checkout it was copied from.
    printed = printed.replace(".venv/bin/orchestrator", ".venv/bin/python -m orchestrator")
    lines = [words for words in printed.splitlines() if words.startswith(("eval ", "export ", "terraform "))]
    by_hand = [words for words in lines if " apply " not in words]
    assert len(lines) - len(by_hand) == 1
    terraform = (checkout.folder / ".tools" / "bin").resolve()
    path = f"{terraform}{os.pathsep}{os.environ['PATH']}" if terraform.is_dir() else os.environ["PATH"]
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(by_hand)],
        cwd=checkout.folder,
        env={"PATH": path, "HOME": os.environ["HOME"], "TF_CLI_ARGS": "-no-color"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "No changes. Your infrastructure matches the configuration." in done.stdout
