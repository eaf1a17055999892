from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.machine import Process, below, of

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="campaigns read /proc")
WAITS = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]


@contextmanager
def waiting(*words: str, **options: Any) -> Iterator[int]:
    command = [*WAITS, *words]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        yield child.pid
    finally:
        child.communicate()


def test_a_process_is_the_campaigns_by_command_line_environment_or_working_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": f"{tmp_path}/tmp"}
    with (
        waiting(f"{tmp_path}/root") as by_words,
        waiting(env=environment) as by_environment,
        waiting(cwd=tmp_path) as by_folder,
        waiting() as strange,
    ):
        processes = of(tmp_path)
    assert {by_words, by_environment, by_folder} <= processes.keys()
    assert strange not in processes
    assert os.getpid() not in processes


def test_a_folder_whose_name_only_begins_like_it_is_another(tmp_path: Path) -> None:
    (tmp_path / "l1").mkdir()
    (tmp_path / "l10").mkdir()
    with waiting(cwd=tmp_path / "l10") as other:
        assert other not in of(tmp_path / "l1")


def process(pid: int, parent: int, words: str = "", environment: str = "") -> Process:
    return Process(pid, parent, words, environment, "")


def test_children_and_theirs_are_below_a_process() -> None:
    known = {each.pid: each for each in (process(1, 0), process(2, 1), process(3, 2), process(4, 0))}
    assert below(1, known) == {1, 2, 3}
    assert below(9, known) == set()


def test_a_terraform_is_known_by_the_stack_whose_data_it_has() -> None:
    terraform = process(1, 0, "/x/.tools/bin/terraform apply plan", "TF_DATA_DIR=/x/build/local/data/.terraform\nA=b")
    assert terraform.works_on("data")
    assert not terraform.works_on("dat")
    assert not process(1, 0, "python terraform", terraform.environment).works_on("data")
    assert process(1, 0, "/x/terraform-provider-aws_v5.100.0_x5").is_provider
