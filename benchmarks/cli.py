"""Start-up of the command line, beside importing the library that it is made with.

`orchestrator --help` is measured against `python -c "import click"` with the same interpreter; an empty
Python and `orchestrator status local` stand beside them. Runs take turns.
"""

from __future__ import annotations

import functools
import shlex
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.checkout import fresh
from benchmarks.measure import Goal, in_turns, run
from benchmarks.report import Report, finish, note, parser, series_table

PYTHON = ".venv/bin/python"
COMMANDS = {
    'python -c "import click"': [PYTHON, "-c", "import click"],
    "orchestrator --help": [PYTHON, "-m", "orchestrator", "--help"],
    "orchestrator status local": [PYTHON, "-m", "orchestrator", "status", "local"],
    'python -c ""': [PYTHON, "-c", ""],
}
HELP_LIMIT = 2.0


def _seconds(command: list[str], folder: Path) -> float:
    return run(command, cwd=folder).seconds


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=15, help="rounds (default: %(default)s)")
    arguments = options.parse_args()
    report = Report("cli", "Start-up of the command line", machine.versions("python", "click"))
    with fresh() as folder:
        note("one unmeasured round, then the measured ones")
        for command in COMMANDS.values():
            run(command, cwd=folder)
        things = {
            name: (shlex.join(command), functools.partial(_seconds, command, folder))
            for name, command in COMMANDS.items()
        }
        series = in_turns(things, arguments.runs)
    baseline = series['python -c "import click"']
    report.goals.append(
        Goal("`orchestrator --help` / `import click`", series["orchestrator --help"].over(baseline), HELP_LIMIT)
    )
    report.commands([each.command for each in series.values()])
    report.say(series_table(list(series.values()), baseline))
    return finish(report, arguments)


if __name__ == "__main__":
    sys.exit(main())
