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

from orchestrator.policy.gate import Checkov
from orchestrator.policy.rules import own_rules
from tooling.quality.mutations import catch, fixtures, generate, kept, outside, pool, report, report_spelled, spelled
from tooling.quality.mutations.mutant import Mutant

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
        # Edits during the run change neither what is tested nor the keys of verdicts.
        snapshot = catch.copy_of_repository(Path(scratch) / "repository")
        everything, unknown = _mutants(snapshot / "terraform", arguments)
        chosen = generate.sample(everything, arguments.sample, arguments.seed)
        if unknown:
            sys.stderr.write("error: attributes that are in neither table of tooling/quality/mutations/table.py:\n")
            sys.stderr.writelines(f"  {name}\n" for name in unknown)
            return 1
        store = kept.Store(
            catch.REPO / VERDICTS, kept.Digests(snapshot, catch.tools(snapshot, pool.terraform_binary()))
        )
        held = {} if arguments.fresh else store.lookup(chosen)
        sys.stderr.write(f"{len(chosen)} mutants, {len(held)} of them judged by earlier runs\n")
        open_ = [mutant for mutant in chosen if mutant not in held]
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
    verdicts.sort(key=lambda verdict: verdict.mutant.name)
    reasons = yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {}
    run = report.Run(
        time.monotonic() - started, dt.datetime.now(dt.UTC).date(), len(held), _sample(arguments, len(everything))
    )
    rules = own_rules(catch.REPO)
    gate = Checkov(catch.REPO)
    try:
        result: report.Result | report_spelled.Result
        if arguments.spelled:
            result = report_spelled.Result(verdicts, outside.judged(gate), reasons, run)
        else:
            proofs = {rule.id: fixtures.proofs(gate, rule, catch.REPO / "policies/fixtures") for rule in rules.values()}
            result = report.Result(verdicts, proofs, reasons, {rule.id: rule.name for rule in rules.values()}, run)
    finally:
        gate.close()
    if arguments.write:
        file = catch.REPO / PAGE
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        page = report.page(result) if isinstance(result, report.Result) else report_spelled.page(result)
        file.write_text(report.renewed(before, page, spelled=arguments.spelled), encoding="utf-8")
    return _report(result, problems)


def _mutants(terraform: Path, arguments: argparse.Namespace) -> tuple[list[Mutant], list[str]]:
    """Generate the requested mutants, and list the attributes that are not classified."""
    folders = catch.folders(terraform)
    generated = {folder: generate.of_folder(terraform, folder) for folder in folders}
    chosen: list[Mutant] = []
    for folder, each in generated.items():
        if arguments.spelled:
            texts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.tf")}
            chosen += [way for mutant in each.mutants for way in spelled.of(mutant, texts[mutant.file])]
        else:
            chosen += each.mutants
    chosen = [mutant for mutant in chosen if re.search(arguments.only, mutant.name)]
    unknown = {name for each in generated.values() for name in each.unknown if re.search(arguments.only, name)}
    return chosen, sorted(unknown)


def _sample(arguments: argparse.Namespace, of: int) -> str:
    """Describe what the figures cover, if not everything."""
    only = f"those whose name has `{arguments.only}`" if arguments.only else ""
    part = (
        f"at most {arguments.sample} of each category, drawn with seed {arguments.seed} from {of}"
        if arguments.sample
        else ""
    )
    return ", ".join(filter(None, (only, part)))


def _report(result: report.Result | report_spelled.Result, problems: list[str]) -> int:
    for name, reason in result.left:
        sys.stdout.write(f"survived: {name} ({reason or 'no reason given'})\n")
    for problem in problems:
        sys.stdout.write(f"not tried: {problem}\n")
    for rule in result.idle_rules:
        sys.stdout.write(f"adds nothing: {rule}\n")
    for line in result.summary:
        sys.stdout.write(f"{line}\n")
    return 0 if result.enough and not problems and not result.idle_rules else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tooling.quality.mutations", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    parser.add_argument("--fresh", action="store_true", help="try every mutant, whatever earlier runs found")
    parser.add_argument("--spelled", action="store_true", help="other spellings of the mutants, and other tools' cases")
    parser.add_argument("--sample", type=int, default=0, help="at most so many of each category (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="what the sample is drawn with (default: %(default)s)")
    parser.add_argument("--only", default="", help="a regular expression on the names of mutants")
    parser.add_argument(
        "--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
