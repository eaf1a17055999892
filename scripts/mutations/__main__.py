"""The command: see the package."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import sys
import time
from pathlib import Path

import yaml

from orchestrator.tools.checkov import Checkov
from orchestrator.tools.checkov_rules import own_rules
from scripts.mutations import catch, fixtures, generate, pool, report

PAGE = Path("docs/reference/mutations.md")
REASONS = Path(__file__).with_name("survivors.yaml")


def main() -> int:
    """Ends with 1 when too little is caught, a survivor has no reason, or a rule adds nothing."""
    arguments = _arguments()
    started = time.monotonic()
    generated = [generate.of_folder(catch.REPO / "terraform", each) for each in catch.folders(catch.REPO / "terraform")]
    if unknown := sorted({name for each in generated for name in each.unknown}):
        sys.stderr.write("error: attributes that are in neither table of scripts/mutations/table.py:\n")
        sys.stderr.writelines(f"  {name}\n" for name in unknown)
        return 1
    wanted = [mutant for each in generated for mutant in each.mutants if re.search(arguments.only, mutant.name)]
    verdicts, problems = pool.judged(wanted, arguments.jobs)
    result = report.Result(
        verdicts,
        _proofs(),
        yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {},
        {rule.id: rule.name for rule in own_rules(catch.REPO).values()},
        time.monotonic() - started,
        dt.datetime.now(dt.UTC).date(),
    )
    if arguments.write:
        (catch.REPO / PAGE).write_text(report.page(result), encoding="utf-8")
    return _told(result, problems)


def _told(result: report.Result, problems: list[str]) -> int:
    for verdict in result.survivors:
        sys.stdout.write(f"survived: {verdict.mutant.name} ({result.reason(verdict) or 'no reason given'})\n")
    for problem in problems:
        sys.stdout.write(f"not tried: {problem}\n")
    for rule in result.idle_rules:
        sys.stdout.write(f"adds nothing: {rule}\n")
    caught = len(result.verdicts) - len(result.survivors)
    sys.stdout.write(
        f"{caught} of {len(result.verdicts)} caught ({result.caught_percent:.1f} %) in {result.seconds:.0f} s\n"
    )
    enough = result.caught_percent >= report.GOAL_PERCENT
    return 0 if enough and not problems and not result.unexplained and not result.idle_rules else 1


def _proofs() -> dict[str, tuple[str, ...]]:
    gate = Checkov(catch.REPO)
    try:
        return {
            rule.id: fixtures.proofs(gate, rule, catch.REPO / "policies/fixtures")
            for rule in own_rules(catch.REPO).values()
        }
    finally:
        gate.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.mutations", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    parser.add_argument("--only", default="", help="a regular expression on the names of mutants")
    parser.add_argument(
        "--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
