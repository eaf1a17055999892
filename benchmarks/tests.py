"""Time of the test suite: total, and the ten slowest tests; with `--before COMMIT` beside an earlier state.

Each run is `make test` in a fresh checkout. The ratio is wall time over the sum of all tests' times: below
1, tests ran side by side; above 1, what is not in tests (start, collection) costs more than that gains.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.checkout import fresh, release
from benchmarks.measure import Goal, run
from benchmarks.report import Report, finish, note, number, parser, table

REPORT_FILE = "tests-report.xml"
LINKED = "tests/unit/tooling/install/test_setup.py::test_a_second_run_on_this_checkout_installs_nothing"
"""Asks whether the environments were installed for this very checkout: here they are another one's."""
COMMAND = ["make", "test", "SETUP=", f"ARGS=--junitxml={REPORT_FILE} --deselect {LINKED}"]
"""`SETUP=`: what set-up installs is linked into the fresh checkout."""
LIMIT_SECONDS = 600.0
SHOWN = 10


@dataclass(frozen=True)
class Suite:
    """One run of all tests."""

    commit: str
    seconds: float
    tests: dict[str, float]
    """Seconds of each, fixtures included."""
    failed: int = 0
    """Tests of an earlier commit that today's set-up breaks."""

    @property
    def sum(self) -> float:
        return sum(self.tests.values())

    def slowest(self, count: int) -> list[tuple[str, float]]:
        return sorted(self.tests.items(), key=lambda item: -item[1])[:count]


def read(junit: str) -> dict[str, float]:
    """Test to seconds, from a JUnit report. A test that is listed twice (its teardown failed) counts once, as a sum."""
    seconds: dict[str, float] = {}
    for case in ET.fromstring(junit).iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        seconds[name] = seconds.get(name, 0.0) + float(case.get("time", "0"))
    return seconds


def broken(junit: str) -> int:
    """Count the tests of a JUnit report that did not pass."""
    return sum(
        1 for case in ET.fromstring(junit).iter("testcase") if {child.tag for child in case} & {"failure", "error"}
    )


def measure(commit: str, *, may_fail: bool = False) -> Suite:
    """Run the suite of one commit. Raises `SystemExit` if a test fails, unless it may."""
    with fresh(commit) as folder:
        try:
            seconds = run(COMMAND, cwd=folder, ok=(0, 2) if may_fail else (0,)).seconds  # 2: make's word for a failure
            junit = (folder / REPORT_FILE).read_text(encoding="utf-8")
            return Suite(commit, seconds, read(junit), broken(junit))
        finally:
            release(folder)


def slowest_table(suite: Suite, before: Suite | None) -> str:
    rows = []
    for name, seconds in suite.slowest(SHOWN):
        earlier = [number(before.tests[name]) if name in before.tests else "-"] if before else []
        rows.append((f"`{name}`", number(seconds), *earlier))
    return table(("slowest", "s", *(["before s"] if before else [])), rows)


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--before", metavar="COMMIT", help="an earlier commit, run first")
    arguments = options.parse_args()
    report = Report("tests", "Test suite", machine.versions("python", "pytest", "terraform", "checkov"))
    before = None
    if arguments.before:
        note(f"the suite of {arguments.before}")
        before = measure(arguments.before, may_fail=True)
    note("the suite of HEAD")
    suite = measure(machine.commit())
    report.goals.append(Goal("`make test`", suite.seconds, LIMIT_SECONDS, " s"))
    report.commands([" ".join([*COMMAND[:-1], f"'{COMMAND[-1]}'"])])
    rows = [
        (
            f"commit {each.commit}",
            str(len(each.tests)),
            str(each.failed),
            number(each.seconds),
            number(each.sum),
            number(each.seconds / each.sum),
        )
        for each in (before, suite)
        if each
    ]
    report.say(table(("", "tests", "failed", "total s", "sum of tests s", "ratio"), rows))
    report.say(slowest_table(suite, before))
    return finish(report, arguments)


if __name__ == "__main__":
    sys.exit(main())
