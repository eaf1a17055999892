"""Remove, row by row, what `docs/coverage.yaml` describes and check that a named test fails.

    python -m tooling.docs.coverage_check [ROW | SECTION ...]

Works in copies of the checkout. Tests that need a deployed platform or a local AWS are skipped: faster tests catch the
removal, too. Results go to `build/tests/removals.json` and from there into `build/coverage.md`. Exits with 1 if a
removal is not caught, or if a test fails before anything is removed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

from tooling.docs import coverage
from tooling.docs.coverage_rows import REPO, Row, load, outcome, pytest_ids

WORKERS = 2
_LINKED = (".venv", ".venv-checkov", ".venv-jobs", ".tools", ".cache")
_SLOW = ("tests/integration/", "tests/e2e/")


class Copy:
    """A copy of the checkout that removals are applied to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=REPO, check=True, capture_output=True, text=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (REPO / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, folder / name)
        for name in _LINKED:
            (folder / name).symlink_to(REPO / name)

    def run(self, tests: Sequence[str]) -> dict[str, str]:
        """Run tests and return the outcome of each."""
        results = self.folder / coverage.RESULTS
        results.unlink(missing_ok=True)
        python = self.folder / ".venv/bin/python"
        ids = sorted({pytest_ids(test) for test in tests})
        subprocess.run(
            [python, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *ids],
            cwd=self.folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=False,
        )
        recorded = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
        return {name: each["outcome"] for name, each in recorded.items()}

    def without(self, row: Row, before: dict[str, str]) -> dict[str, Any]:
        """Apply a row's removals, run its tests, and compare with their outcomes `before`."""
        originals = {removal.file: (self.folder / removal.file).read_text(encoding="utf-8") for removal in row.remove}
        try:
            for removal in row.remove:
                file = self.folder / removal.file
                file.write_text(removal.apply(file.read_text(encoding="utf-8")), encoding="utf-8")
            ended = self.run(cheap(row))
        finally:
            for name, text in originals.items():
                (self.folder / name).write_text(text, encoding="utf-8")
        ran = {test: outcome(test, before) for test in cheap(row)}
        return {"digest": row.digest(self.folder), "ran": ran, **verdict(cheap(row), ended)}


def cheap(row: Row) -> list[str]:
    return [test for test in row.tests if not test.startswith(_SLOW)]


def verdict(tests: Sequence[str], ended: dict[str, str]) -> dict[str, Any]:
    """Decide whether a removal was caught: a named test failed, or could not run because planning failed."""
    by = [test for test in tests if outcome(test, ended) == "failed"]
    if by:
        return {"verdict": "caught", "by": by, "how": "a test fails"}
    stopped = [test for test in tests if outcome(test, ended) != "passed" and ended.get(pytest_ids(test)) == "failed"]
    if stopped:
        return {"verdict": "caught", "by": stopped, "how": "cannot be planned"}
    return {"verdict": "survived", "by": [], "how": ""}


def main() -> int:
    selected = sys.argv[1:]
    rows = [row for row in load() if not selected or row.id in selected or row.id.split(".")[0] in selected]
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        copies: Queue[Copy] = Queue()
        for number in range(WORKERS):
            copies.put(Copy(Path(folder) / str(number)))
        first = copies.get()
        before = first.run([test for row in rows for test in cheap(row)])
        copies.put(first)
        red = sorted({test for row in rows for test in cheap(row) if outcome(test, before) != "passed"})
        for test in red:
            say(f"fails before any removal: {test}")

        def check(row: Row) -> tuple[str, dict[str, Any]]:
            copy = copies.get()
            try:
                judgement = copy.without(row, before)
            finally:
                copies.put(copy)
            say(f"{row.id:<28} {judgement['verdict']:<9} {judgement['how']}")
            return row.id, judgement

        with ThreadPoolExecutor(WORKERS) as pool:
            judged = dict(pool.map(check, [row for row in rows if not set(cheap(row)) & set(red)]))
    file = REPO / coverage.REMOVALS
    file.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    file.write_text(json.dumps({**known, **judged}, indent=1), encoding="utf-8")
    coverage.write()
    survived = [name for name, found in judged.items() if found["verdict"] != "caught"]
    say(f"{len(judged)} rows: {len(judged) - len(survived)} caught, {len(survived)} survived: {', '.join(survived)}")
    return 1 if survived or red else 0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
