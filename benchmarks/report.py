"""A benchmark's result: printed as Markdown, and with `--write` kept in `docs/reference/benchmarks.md`."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import machine
from benchmarks.measure import REPO, Goal, Series

DOCUMENT = REPO / "docs" / "reference" / "benchmarks.md"
ORDER = ("deploy", "overhead", "policy", "cli", "router", "etl", "batch", "sentiment", "async_soak", "tests")
_HEAD = """# Benchmarks

Each section is written by its script: `.venv/bin/python -m benchmarks.<name> --write`
([how they measure](../../benchmarks/README.md)). Seconds belong to the machine that is named in the section;
ratios come from one run on one machine and carry further. A goal that was missed says so.
"""


@dataclass
class Report:
    """One section."""

    name: str
    title: str
    versions: str
    paragraphs: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    load: float = field(default_factory=machine.load)
    """Taken when the report is made, before anything is measured."""
    commit: str = field(default_factory=machine.commit)

    def say(self, text: str) -> None:
        self.paragraphs.append(text)

    def commands(self, lines: Sequence[str]) -> None:
        self.say("\n".join(["```sh", *lines, "```"]))

    def text(self, *, today: dt.date) -> str:
        where = (
            f"{today.isoformat()}, commit {self.commit}. {machine.describe()}, "
            f"load {self.load:.1f} before and {machine.load():.1f} after. {self.versions}."
        )
        goals = table(
            ("figure", "measured", "goal", ""),
            [
                (goal.what, number(goal.value) + goal.unit, f"≤ {goal.limit:g}{goal.unit}", goal.verdict)
                for goal in self.goals
            ],
        )
        return "\n\n".join([f"## {self.title}", where, *([goals] if self.goals else []), *self.paragraphs]) + "\n"


def number(value: float) -> str:
    """Format a number with three significant digits."""
    if value == 0:
        return "0"
    for limit, digits in ((0.1, 4), (1, 3), (10, 2), (100, 1)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Render a Markdown table; columns that hold only numbers are aligned right."""
    numeric = [all(re.match(r"^[-≤]?\s?[\d.]|^-?$", row[index]) for row in rows) for index in range(len(columns))]
    lines = [columns, ["---:" if each else "---" for each in numeric], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def series_table(series: Sequence[Series], baseline: Series) -> str:
    """Render runs, median, min, max, and the ratio to the baseline."""
    rows = [
        (
            each.name,
            str(len(each.seconds)),
            number(each.median),
            number(min(each.seconds)),
            number(max(each.seconds)),
            "1" if each is baseline else number(each.over(baseline)),
        )
        for each in series
    ]
    return table(("", "runs", "median s", "min s", "max s", "ratio"), rows)


def replace_section(document: str, name: str, section: str) -> str:
    """Return the document with this section replaced or added."""
    if name not in ORDER:
        raise ValueError(f"the section '{name}' has no place among {', '.join(ORDER)}")
    kept = {
        found[1]: found[2]
        for found in re.finditer(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->\n", document, re.DOTALL)
    }
    kept[name] = section
    sections = [f"<!-- begin {each} -->\n{kept[each]}<!-- end {each} -->\n" for each in ORDER if each in kept]
    return "\n".join([_HEAD, *sections])


def parser(description: str | None) -> argparse.ArgumentParser:
    """Create the parser with the options that every benchmark has."""
    made = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    made.add_argument("--write", action="store_true", help=f"renew this section of {DOCUMENT.relative_to(REPO)}")
    made.add_argument("--check", action="store_true", help="exit code 1 when a goal is missed")
    return made


def finish(report: Report, arguments: argparse.Namespace, *, document: Path = DOCUMENT) -> int:
    """Print the section, keep it if asked, and say by the exit code whether goals were missed."""
    section = report.text(today=dt.datetime.now(dt.UTC).date())
    sys.stdout.write(section)
    if arguments.write:
        before = document.read_text(encoding="utf-8") if document.exists() else ""
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(replace_section(before, report.name, section), encoding="utf-8")
    missed = [goal for goal in report.goals if not goal.met]
    return 1 if missed and arguments.check else 0


def note(text: str) -> None:
    """Print progress to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
