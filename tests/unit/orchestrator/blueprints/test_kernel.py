"""A synthesis leaves its temporary files where the next run finds them, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[4]
SYNTH = """
import os, signal, sys
from pathlib import Path
from orchestrator.blueprints import synth
from orchestrator.config import load
from orchestrator.planning.values import blueprint_of
repo, end = Path(sys.argv[1]), sys.argv[2]
environment = load(repo, "local")
synth(environment, blueprint_of(environment, "chat"), repo / "out", repo)
if end == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.full  # three times Node.js
def test_a_killed_synthesis_leaves_nothing_behind_the_next_one(tmp_path: Path) -> None:
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "tmp"
    checkout.mkdir()
    elsewhere.mkdir()
    (checkout / "terraform").symlink_to(REPO / "terraform")

    def synth(end: str) -> int:
        command = [sys.executable, "-c", SYNTH, str(checkout), end]
        environment = {**os.environ, "TMPDIR": str(elsewhere)}
        return subprocess.run(command, cwd=REPO, env=environment, check=False).returncode

    scratch = checkout / "build" / "scratch"
    assert synth("killed") != 0
    assert list(elsewhere.iterdir()) == []
    assert len(list(scratch.iterdir())) == 1, "the kernel's files are there"
    assert synth("in peace") == 0
    assert (list(elsewhere.iterdir()), list(scratch.iterdir())) == ([], [])
