"""Time of the policy gate, beside one bare checkov call with the same rules on the same tree.

First run: a fresh checkout, nothing cached. Second run: the same command again, nothing changed. The
rounds take turns, each in a separate checkout.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.checkout import fresh, release
from benchmarks.measure import Goal, Series, run
from benchmarks.report import Report, finish, note, parser, series_table

BARE = [
    ".venv-checkov/bin/checkov",
    *("--directory", "terraform", "--framework", "terraform", "--external-checks-dir", "policies/checks"),
    *("--skip-download", "--quiet", "--compact"),
]
GATE = [".venv/bin/python", "-m", "orchestrator", "policy", "local", "--source-only"]
FIRST_LIMIT, SECOND_LIMIT = 1.2, 0.1
FAILED_CHECKS = 1
"""checkov's exit code for failed checks: it does not use our gate's exceptions."""


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=3, help="rounds (default: %(default)s)")
    arguments = options.parse_args()
    report = Report("policy", "Policy gate", machine.versions("python", "checkov"))
    rounds = []
    for number in range(1, arguments.runs + 1):
        note(f"round {number} of {arguments.runs}")
        with fresh() as folder:
            rounds.append(_round(folder))
    bare, first, second = (
        Series(name, shlex.join(command), tuple(seconds))
        for (name, command), seconds in zip(
            (("bare checkov", BARE), ("gate, first run", GATE), ("gate, second run", GATE)),
            zip(*rounds, strict=True),
            strict=True,
        )
    )
    report.goals.append(Goal("first run / bare checkov", first.over(bare), FIRST_LIMIT))
    report.goals.append(Goal("second run / bare checkov", second.over(bare), SECOND_LIMIT))
    report.commands([bare.command, first.command])
    report.say(series_table([bare, first, second], bare))
    report.say(
        "The gate's time is that of the whole command, Python's start included; it also compares the rules that ran "
        "with those that must, and writes a run folder."
    )
    return finish(report, arguments)


def _round(folder: Path) -> tuple[float, float, float]:
    """Measure the seconds of a bare call, a first and a second gate run."""
    # Python files of a new clone are compiled at their first import; that is not what is compared here.
    run([".venv/bin/python", "-m", "compileall", "-q", "orchestrator"], cwd=folder)
    try:
        return (
            run(BARE, cwd=folder, ok=(0, FAILED_CHECKS)).seconds,
            run(GATE, cwd=folder).seconds,
            run(GATE, cwd=folder).seconds,
        )
    finally:
        release(folder)


if __name__ == "__main__":
    sys.exit(main())
