"""Record the outcome of each test in `build/tests/results.json`, which `make coverage` reads.

`run` blocks of `terraform test` are not pytest tests: the test that runs them reports each as the property
`terraform_run`, and each gets its own entry `<file>::<run>`. Running a few tests updates only their entries.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

FILE = Path("build/tests/results.json")
PROPERTY = "terraform_run"
_FILE_LINE = re.compile(r"^(\S+\.tftest\.hcl)\.\.\. in progress$")
_RUN_LINE = re.compile(r'^  run "(\w+)"\.\.\. (pass|fail|skip)$')
_WORDS = {"pass": "passed", "fail": "failed", "skip": "skipped"}


def terraform_runs(folder: str, output: str) -> list[tuple[str, str]]:
    """Return test id and outcome of every `run` block in the output of `terraform test -no-color`.

    Args:
        folder: the folder it ran in, relative to the repository.
    """
    file, runs = "", []
    for line in output.splitlines():
        if match := _FILE_LINE.match(line):
            file = match[1]
        elif match := _RUN_LINE.match(line):
            runs.append((f"{folder}/{file}::{match[1]}", _WORDS[match[2]]))
    return runs


class Results:
    """A pytest plugin for the main process, which receives the reports of xdist workers as well."""

    def __init__(self, root: Path) -> None:
        self._file = root / FILE
        self._ended: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A failure in set-up or teardown fails the test, whatever the outcome of its call.
        if report.when == "call" or report.outcome != "passed":
            self._ended[report.nodeid] = report.outcome
        if report.when == "call":
            self._ended |= {str(test): str(outcome) for name, (test, outcome) in _runs(report)}

    def pytest_sessionfinish(self) -> None:
        if not self._ended:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(self._file.read_text(encoding="utf-8")) if self._file.is_file() else {}
        now = time.time()
        known |= {test: {"outcome": outcome, "at": now} for test, outcome in self._ended.items()}
        fresh = self._file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(known, indent=0, sort_keys=True), encoding="utf-8")
        fresh.replace(self._file)


def _runs(report: pytest.TestReport) -> list[tuple[str, tuple[str, str]]]:
    return [(name, (value[0], value[1])) for name, value in report.user_properties if name == PROPERTY]  # type: ignore[index]
