"""What all generated documents share: tables, and the commands that write them or report those that are out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    """Render a table; texts with `|` must have passed `cell`."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def publish(repo: Path, pages: Mapping[Path, str], stale: str = "is out of date: run `make docs`") -> int:
    """Write the pages that are out of date, or with `--check` report them and return 1."""
    outdated = [path for path, text in pages.items() if not _is(repo / path, text)]
    if "--check" in sys.argv[1:]:
        sys.stderr.writelines(f"{path} {stale}\n" for path in outdated)
        return 1 if outdated else 0
    for path in outdated:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_text(pages[path], encoding="utf-8")
        sys.stderr.write(f"wrote {path}\n")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
