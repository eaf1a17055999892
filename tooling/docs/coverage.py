"""Build the coverage report from `docs/coverage.yaml` and the results of test runs.

    python -m tooling.docs.coverage

Reads `build/tests/results.json` (written by every test run) and `build/tests/removals.json` (written by
`make coverage-check`), and writes `build/coverage.json` and `build/coverage.md`. A result counts only for the files it
was obtained with: one that is older than a file of its row is ignored. Exits with 1 if a row names a file, test or
removal that does not exist.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tooling.docs.coverage_rows import REPO, Row, load, outcome, problems

PAGE = Path("build/coverage.md")
DATA = Path("build/coverage.json")
RESULTS = Path("build/tests/results.json")
REMOVALS = Path("build/tests/removals.json")
_HEAD = """# Coverage of the specification

<!-- Built by `make coverage` from docs/coverage.yaml and the latest test results. Not committed. -->

A row is green when every test it names passed on the current files, and when removing what the row describes
(`make coverage-check`) made one of these tests fail. *Locally* says how real the feature is with `ENV=local`:
`executed`, `emulated` (computed by the local AWS), `recorded`, `stand-in`, or `files only` (checked statically,
nothing runs).
"""
_COLUMNS = "| row | requirement | source | tests | locally | result | removal | |\n|---|---|---|---|---|---|---|---|"
_OUTCOMES = {"passed": "passed", "failed": "FAILED", "skipped": "skipped", None: "not run"}


def collect(repo: Path = REPO) -> dict[str, Any]:
    """Return the current results of every row, by row id."""
    results, removals = _read(repo / RESULTS), _read(repo / REMOVALS)
    return {row.id: _entry(row, repo, results, removals.get(row.id, {})) for row in load(repo)}


def _entry(row: Row, repo: Path, results: dict[str, Any], removal: dict[str, Any]) -> dict[str, Any]:
    changed = max((repo / file).stat().st_mtime for file in row.files)
    recent = {name: each["outcome"] for name, each in results.items() if each["at"] >= changed}
    ran = {test: end for test in row.tests if (end := outcome(test, recent))}
    entry: dict[str, Any] = {"digest": row.digest(repo), "ran": ran}
    if removal.get("digest") == entry["digest"]:
        entry["ran"] = {**removal.get("ran", {}), **ran}
        entry["removal"] = {key: removal[key] for key in ("verdict", "by", "how")}
    return entry


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return content


def page(rows: list[Row], results: dict[str, Any]) -> str:
    """Render the report as Markdown, one table per section of the specification."""
    parts = [_HEAD]
    green = {row.id for row in rows if is_green(row, results.get(row.id, {}))}
    for section in dict.fromkeys(row.id.split(".")[0] for row in rows):
        own = [row for row in rows if row.id.split(".")[0] == section]
        parts.append(f"## {section}\n\n{sum(row.id in green for row in own)} of {len(own)} rows are green.\n")
        parts.append("\n".join([_COLUMNS, *(_line(row, results.get(row.id, {})) for row in own)]) + "\n")
    return "\n".join(parts)


def is_green(row: Row, entry: dict[str, Any]) -> bool:
    """Tell whether all tests of a row passed and its removal was caught."""
    ran = entry.get("ran", {})
    passed = all(ran.get(test) == "passed" for test in row.tests)
    return passed and entry.get("removal", {}).get("verdict") == "caught"


def _line(row: Row, entry: dict[str, Any]) -> str:
    cells = [
        row.id,
        row.text,
        "<br>".join(f"[{_short(file)}](../{file})" for file in row.where),
        "<br>".join(f"[{test.split('::')[1]}](../{test.split('::')[0]})" for test in row.tests),
        row.locally + (f": {row.note}" if row.note else ""),
        _ran(row, entry.get("ran", {})),
        _removal(entry.get("removal", {})),
        "✅" if is_green(row, entry) else "⬜",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(file: str) -> str:
    return file.removeprefix("terraform/").removeprefix("modules/")


def _ran(row: Row, ran: dict[str, str]) -> str:
    outcomes = {_OUTCOMES[ran.get(test)] for test in row.tests}
    return outcomes.pop() if len(outcomes) == 1 else "<br>".join(_OUTCOMES[ran.get(test)] for test in row.tests)


def _removal(removal: dict[str, Any]) -> str:
    match removal.get("verdict"):
        case "caught":
            return f"caught ({removal['how']})"
        case "survived":
            return "NOT CAUGHT"
        case _:
            return "not tried"


def main() -> int:
    wrong = [each for row in load() for each in problems(row)]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)  # noqa: T201
        return 1
    write()
    print(f"wrote {PAGE} and {DATA}", file=sys.stderr)  # noqa: T201
    return 0


def write(repo: Path = REPO) -> None:
    """Write both reports into `build/`."""
    results = collect(repo)
    (repo / DATA).parent.mkdir(parents=True, exist_ok=True)
    (repo / DATA).write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (repo / PAGE).write_text(page(load(repo), results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
