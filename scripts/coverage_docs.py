"""Writes `docs/reference/coverage.md` from `docs/coverage.yaml` and what the last runs found.

    python -m scripts.coverage_docs [--check]

Results come from `build/tests/` (`make test`, `make coverage-check`) and are kept in `docs/reference/coverage.json`
with a digest of the row's files: when one of these changes, the row is no longer green until its tests have run again.
`--check` compares all but results, and ends with 1 when the page is not what it would write.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from scripts.coverage_rows import REPO, SOURCE, Row, load, outcome, problems

PAGE = Path("docs/reference/coverage.md")
KEPT = Path("docs/reference/coverage.json")
RESULTS = Path("build/tests/results.json")
REMOVALS = Path("build/tests/removals.json")
_STATIC_CELLS = 5
_HEAD = """# Coverage of the specification

<!-- Written by `make docs` from docs/coverage.yaml and the last results. -->

A row is green when every test that it names has passed on the files as they are, and when taking away what it
speaks of (`make coverage-check`) made one of these tests fail. *Locally* says how real it is with `ENV=local`:
`executed`, `emulated` (kept and answered by the local AWS), `recorded`, `stand-in`, or `files only` (checked in files,
nothing runs).
"""
_COLUMNS = "| row | what | where | proven by | locally | ran | without it | |\n|---|---|---|---|---|---|---|---|"
_WORDS = {"passed": "passed", "failed": "FAILED", "skipped": "skipped", None: "not run"}


def renew(repo: Path = REPO) -> dict[str, Any]:
    """Take over what the last runs found, and drop what is about files that have changed since."""
    kept = _read(repo / KEPT)
    results, removals = _read(repo / RESULTS), _read(repo / REMOVALS)
    rows = {}
    for row in load(repo):
        digest = row.digest(repo)
        known = kept.get(row.id, {})
        entry: dict[str, Any] = known if known.get("digest") == digest else {"digest": digest}
        changed = max((repo / file).stat().st_mtime for file in row.files)
        recent = {name: each["outcome"] for name, each in results.items() if each["at"] >= changed}
        ran = {test: end for test in row.tests if (end := outcome(test, recent))}
        entry = {**entry, "ran": {**entry.get("ran", {}), **ran}}
        removal = removals.get(row.id, {})
        if removal.get("digest") == digest:
            entry["ran"] = {**removal.get("ran", {}), **entry["ran"]}
            entry["removal"] = {key: removal[key] for key in ("verdict", "by", "how")}
        rows[row.id] = entry
    return rows


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def page(rows: list[Row], found: dict[str, Any]) -> str:
    parts = [_HEAD]
    green = {row.id for row in rows if is_green(row, found.get(row.id, {}))}
    for section in dict.fromkeys(row.id.split(".")[0] for row in rows):
        own = [row for row in rows if row.id.split(".")[0] == section]
        parts.append(f"## {section}\n\n{sum(row.id in green for row in own)} of {len(own)} rows are green.\n")
        parts.append("\n".join([_COLUMNS, *(_line(row, found.get(row.id, {})) for row in own)]) + "\n")
    return "\n".join(parts)


def is_green(row: Row, found: dict[str, Any]) -> bool:
    ran = found.get("ran", {})
    passed = all(ran.get(test) == "passed" for test in row.tests)
    return passed and found.get("removal", {}).get("verdict") == "caught"


def _line(row: Row, found: dict[str, Any]) -> str:
    cells = [
        row.id,
        row.text,
        "<br>".join(f"[{_short(file)}](../../{file})" for file in row.where),
        "<br>".join(f"[{test.split('::')[1]}](../../{test.split('::')[0]})" for test in row.tests),
        row.locally + (f": {row.note}" if row.note else ""),
        _ran(row, found.get("ran", {})),
        _without(found.get("removal", {})),
        "✅" if is_green(row, found) else "⬜",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(file: str) -> str:
    return file.removeprefix("terraform/").removeprefix("modules/")


def _ran(row: Row, ran: dict[str, str]) -> str:
    words = {_WORDS[ran.get(test)] for test in row.tests}
    return "<br>".join(_WORDS[ran.get(test)] for test in row.tests) if len(words) > 1 else words.pop()


def _without(removal: dict[str, Any]) -> str:
    match removal.get("verdict"):
        case "caught":
            return f"caught ({removal['how']})"
        case "survived":
            return "NOBODY NOTICES"
        case _:
            return "not tried"


def static(text: str) -> list[list[str]]:
    """What a page says apart from results."""
    lines = [line for line in text.splitlines() if line.startswith(("|", "#"))]
    return [[cell.strip() for cell in line.split(" | ")][:_STATIC_CELLS] for line in lines]


def main() -> int:
    rows = load()
    wrong = [each for row in rows for each in problems(row)]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)  # noqa: T201
        return 1
    if "--check" in sys.argv:
        current = (REPO / PAGE).read_text(encoding="utf-8") if (REPO / PAGE).is_file() else ""
        if static(current) != static(page(rows, {})):
            print(f"{PAGE} is not what {SOURCE} says: run `make docs`", file=sys.stderr)  # noqa: T201
            return 1
        return 0
    write()
    return 0


def write(repo: Path = REPO) -> None:
    found = renew(repo)
    (repo / KEPT).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (repo / PAGE).write_text(page(load(repo), found), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
