"""The command: see the package."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import yaml

from orchestrator.tools.checkov import Checkov
from orchestrator.tools.checkov_rules import own_rules
from scripts.mutations import catch, fixtures, generate, kept, pool, report

PAGE = Path("docs/reference/mutations.md")
VERDICTS = Path(".cache/mutations/verdicts.jsonl")
PROVIDER_GONE, INTERRUPTED = 3, 130
REASONS = Path(__file__).with_name("survivors.yaml")


def main() -> int:
    """Ends with 1 when too little is caught, a survivor has no reason, or a rule adds nothing; with 3 when the
    provider is gone."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends its processes and the provider, as Ctrl-C does
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as scratch:
        # Whoever works on meanwhile changes neither what is tried nor what a verdict is filed under.
        snapshot = catch.copy_of_repository(Path(scratch) / "repository")
        wanted, unknown = _mutants(snapshot / "terraform", arguments.only)
        if unknown:
            sys.stderr.write("error: attributes that are in neither table of scripts/mutations/table.py:\n")
            sys.stderr.writelines(f"  {name}\n" for name in unknown)
            return 1
        store = kept.Store(
            catch.REPO / VERDICTS, kept.Digests(snapshot, catch.tools(snapshot, pool.terraform_binary()))
        )
        held = {} if arguments.fresh else store.found(wanted)
        sys.stderr.write(f"{len(wanted)} mutants, {len(held)} of them judged by earlier runs\n")
        open_ = [mutant for mutant in wanted if mutant not in held]
        try:
            verdicts, problems = pool.judged(open_, arguments.jobs, snapshot, store)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; the next run goes on where this one was\n")
            return INTERRUPTED
        except catch.ProviderGone as gone:
            sys.stderr.write(f"error: the AWS provider is gone: {gone}\n")
            sys.stderr.write("hint: run it again: it goes on where it was; with --jobs 1 if the machine is busy\n")
            return PROVIDER_GONE
    verdicts += [catch.Verdict(mutant, *found) for mutant, found in held.items()]
    result = report.Result(
        sorted(verdicts, key=lambda verdict: verdict.mutant.name),
        _proofs(),
        yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {},
        {rule.id: rule.name for rule in own_rules(catch.REPO).values()},
        time.monotonic() - started,
        dt.datetime.now(dt.UTC).date(),
        len(held),
    )
    if arguments.write:
        (catch.REPO / PAGE).write_text(report.page(result), encoding="utf-8")
    return _told(result, problems)


def _mutants(terraform: Path, only: str) -> tuple[list[generate.Mutant], list[str]]:
    """Those whose name is asked for, and attributes that nobody has classified."""
    generated = [generate.of_folder(terraform, folder) for folder in catch.folders(terraform)]
    wanted = [mutant for each in generated for mutant in each.mutants if re.search(only, mutant.name)]
    return wanted, sorted({name for each in generated for name in each.unknown if re.search(only, name)})


def _told(result: report.Result, problems: list[str]) -> int:
    for verdict in result.survivors:
        sys.stdout.write(f"survived: {verdict.mutant.name} ({result.reason(verdict) or 'no reason given'})\n")
    for problem in problems:
        sys.stdout.write(f"not tried: {problem}\n")
    for rule in result.idle_rules:
        sys.stdout.write(f"adds nothing: {rule}\n")
    caught = len(result.verdicts) - len(result.survivors)
    sys.stdout.write(
        f"{caught} of {len(result.verdicts)} caught ({result.caught_percent:.1f} %) in {result.seconds:.0f} s, "
        f"{result.reused} of the verdicts by earlier runs\n"
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
    parser.add_argument("--fresh", action="store_true", help="try every mutant, whatever earlier runs found")
    parser.add_argument("--only", default="", help="a regular expression on the names of mutants")
    parser.add_argument(
        "--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
