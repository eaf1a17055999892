"""What Node.js gets of this machine, and what it says of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.blueprints import synthesis
from orchestrator.config import load
from orchestrator.errors import MachineError

REPO = Path(__file__).resolve().parents[4]


def test_node_gets_nothing_that_a_shell_tells_every_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"PATH": os.environ["PATH"], "JSII_NODE": "/somewhere/node", "AWS_PROFILE": "work"}
    stray = {"NODE_OPTIONS": "--inspect", "NODE_PATH": "/x", "JSII_DEBUG": "1", "TMPDIR": "/no/such/folder"}
    monkeypatch.setattr(os, "environ", {**kept, **stray})
    synthesis._use_bundled_node()
    assert os.environ == {**kept, "NODE_NO_WARNINGS": "1"}


def test_a_full_disk_in_node_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise RuntimeError("ENOSPC: no space left on device, write")

    monkeypatch.setattr(synthesis, "_synthesise", full)
    environment = load(REPO, "local")
    chat = next(each for each in environment.blueprints if each.name == "chat")
    with pytest.raises(MachineError, match="the disk is full: synthesis of `chat` ended with `ENOSPC"):
        synthesis.synth(environment, chat, tmp_path, REPO)
