"""What campaigns have found, as docs/reference/reliability.md."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.report import table
from tests.campaigns.rows import COLUMNS, KILLED, PHASES, Column, Row

_SHOWN = 5
_LONGEST = 300
"""Characters of a difference, or of what was said."""
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "reliability.md"
ORDER = ("kills", "faults")
_HEAD = """# Reliability

What a deployment survives, as measured by campaigns on a small environment: foundation, training pipeline, one
real-time endpoint, one blueprint of Bedrock. Each section is written by its script, `make test-kills ARGS=--write` and
`make test-faults ARGS=--write`; the same seed makes the same rows.
"""
_EXPLAINED = """A row is one kill at a seeded moment. *Machine lives*: the command runs again, and what it names as the
way out if it is not green. *Machine gone*: runs, build, temporary files and all processes but AWS are deleted; a fresh
clone runs `unlock --force`, `recover --import` and the command. *Green*: it ended with 0, everything that exists is
what an undisturbed run makes (asked of each service, ids of states included), and no lock, process, socket or temporary
file is left. *Lost*: things that ended in no state, or were made twice. A local AWS that was killed has nothing left
to recover; the deploy starts afresh."""


def kills(lines: Sequence[dict[str, Any]], planned: Sequence[Row]) -> str:
    """The section of `tests/campaigns/kill.py`."""
    reached = [line for line in lines if line["reached"]]
    parts = ["## Kills", _where(lines), _totals(reached, planned), _EXPLAINED, _by_kind(reached), *_red(lines)]
    return "\n\n".join(part for part in parts if part) + "\n"


def faults(lines: Sequence[dict[str, Any]]) -> str:
    """The section of `tests/campaigns/faults.py`."""
    rows = [
        (
            f"{line['rate']:.0%}",
            line["kind"],
            str(line["seen"]),
            str(line["hit"]),
            str(line["exit_code"]),
            "yes" if line["green"] else "NO",
            str(len(line["lost"])),
            f"{line['seconds']:.0f}",
        )
        for line in lines
    ]
    columns = ("of calls", "fault", "calls", "hit", "exit code", "equal to undisturbed", "lost", "seconds")
    what = "A whole deploy to an empty AWS, while some of its calls fail."
    red = [f"- {line['rate']:.0%}: {detail}" for line in lines for detail in _why(line)]
    parts = ["## Calls that fail", _where(lines), what, table(columns, rows), "\n".join(red)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _why(line: dict[str, Any]) -> list[str]:
    """The error, and some of what is not as it should be."""
    errors = [text for text in line["said"].splitlines() if text.startswith("error: ")][:1]
    more = len(line["difference"]) - _SHOWN
    shown = [f"`{part[:_LONGEST]}`" for part in (*errors, *line["difference"][:_SHOWN])]
    shown = [*shown[: len(errors)], *(f"lost: {each}" for each in line["lost"][:_SHOWN]), *shown[len(errors) :]]
    return [*shown, f"and {more} differences more"] if more > 0 else shown


def write(name: str, section: str, document: Path = DOCUMENT) -> None:
    """Put one section in its place and leave the others."""
    before = document.read_text(encoding="utf-8") if document.exists() else ""
    kept = {
        match[1]: match[2] for match in re.finditer(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->\n", before, re.DOTALL)
    }
    kept[name] = section
    sections = [f"<!-- begin {each} -->\n{kept[each]}<!-- end {each} -->\n" for each in ORDER if each in kept]
    document.write_text("\n".join([_HEAD, *sections]), encoding="utf-8")


def _where(lines: Sequence[dict[str, Any]]) -> str:
    commits = ", ".join(dict.fromkeys(line["commit"] for line in lines)) or machine.commit()
    mixed = (
        " Red rows of an earlier commit were played again after it was mended, green ones kept."
        if ", " in commits
        else ""
    )
    seeds = ", ".join(str(seed) for seed in dict.fromkeys(line["seed"] for line in lines))
    return (
        f"{dt.datetime.now(dt.UTC).date().isoformat()}, seed {seeds}, commit {commits}. {machine.describe()}. "
        f"{machine.versions('python', 'terraform', 'hashicorp/aws', 'moto')}.{mixed}"
    )


def _totals(reached: Sequence[dict[str, Any]], planned: Sequence[Row]) -> str:
    parts = []
    for column in COLUMNS:
        of_column = [line for line in reached if line["column"] == column]
        due = sum(column in row.columns for row in planned)
        green, lost = sum(line["green"] for line in of_column), sum(len(line["lost"]) for line in of_column)
        parts.append(f"*{column}*: {len(of_column)} of {due} rows, {green} green, lost = {lost}")
    return "; ".join(parts) + "."


def _by_kind(lines: Sequence[dict[str, Any]]) -> str:
    cells = Counter((line["row"]["killed"], line["row"]["phase"], line["column"]) for line in lines)
    shown = [
        (killed, phase)
        for killed in KILLED
        for phase in PHASES
        if any(cells[killed, phase, column] for column in COLUMNS)
    ]
    rows = [
        (
            KILLED[killed],
            PHASES[phase],
            *(text for column in COLUMNS for text in _cell(lines, killed, phase, column)),
        )
        for killed, phase in shown
    ]
    head = ("kill", "during", *(f"{column}: {what}" for column in COLUMNS for what in ("rows", "green", "lost")))
    return table(head, rows) if rows else ""


def _cell(lines: Sequence[dict[str, Any]], killed: str, phase: str, column: Column) -> tuple[str, str, str]:
    matching = [
        line
        for line in lines
        if (line["row"]["killed"], line["row"]["phase"], line["column"]) == (killed, phase, column)
    ]
    if not matching:
        return "-", "-", "-"
    return (
        str(len(matching)),
        str(sum(line["green"] for line in matching)),
        str(sum(len(line["lost"]) for line in matching)),
    )


def _red(lines: Sequence[dict[str, Any]]) -> list[str]:
    red = [line for line in lines if not line["green"]]
    return ["### Rows that are not green", *("\n".join(_told(line)) for line in red)] if red else []


def _told(line: dict[str, Any]) -> list[str]:
    row = Row(**line["row"])
    what = "" if line["reached"] else " (its moment never came)"
    lines = [f"- row {row.number}, {line['column']}: {row}{what}"]
    ends = ", then ".join(f"`{each['command']}` ended with {each['exit_code']}" for each in line.get("recovery", []))
    details = [ends, *(f"lost: {each}" for each in line["lost"][:_SHOWN])]
    details += [f"`{each[:_LONGEST]}`" for each in line.get("difference", [])[:_SHOWN]]
    details += [f"left: {each}" for each in line.get("remains", [])[:_SHOWN]]
    details += [line["error"].splitlines()[0]] if line.get("error") else []
    return lines + [f"  - {detail}" for detail in details if detail]
