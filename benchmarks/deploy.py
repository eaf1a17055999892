"""A whole deployment to the local AWS, beside a plain shell loop over the same stacks.

Ours: `orchestrator deploy local` in a fresh checkout with nothing running, so with start of the local AWS,
policy gate, training pipeline and smoke tests; then again with nothing to do. Baseline: `terraform init &&
terraform apply -auto-approve` per stack, in order, with the provider as terraform starts it, on another empty
local AWS that runs already; without gate, pipeline and smoke tests; then the same loop again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import floor, machine
from benchmarks.checkout import fresh, release
from benchmarks.loop import COMMANDS, Json, Local, Loop, Model, StackTime, emulator
from benchmarks.measure import Goal, environment, run
from benchmarks.report import Report, finish, note, number, parser, table

DEPLOY = [".venv/bin/python", "-m", "orchestrator", "deploy", "local"]
FRESH_LIMIT, NOOP_LIMIT, NOOP_SECONDS, FLOOR_LIMIT = 0.4, 0.03, 3.0, 1.3


@dataclass(frozen=True)
class Ours:
    """What the orchestrator took."""

    fresh: float
    result: Json
    noops: tuple[float, ...]
    stacks: list[Json]
    model: Model | None


@dataclass(frozen=True)
class Baseline:
    """What the loop took."""

    fresh: dict[str, StackTime]
    noop: dict[str, StackTime]
    states: dict[str, Json]

    @property
    def fresh_seconds(self) -> float:
        return sum(each.total for each in self.fresh.values())

    @property
    def noop_seconds(self) -> float:
        return sum(each.total for each in self.noop.values())


def deploy(folder: Path, *, port: int, noop_runs: int) -> Ours:
    """Deploy from a fresh checkout, then again; leaves the rendered files behind, and nothing running."""
    env = environment(EMULATOR_PORT=str(port), CI="true")
    try:
        note("orchestrator deploy local, fresh")
        first = run(DEPLOY, cwd=folder, env=env).seconds
        result = _newest_result(folder)
        noops = []
        for number_ in range(noop_runs):
            note(f"orchestrator deploy local, nothing to do ({number_ + 1} of {noop_runs})")
            noops.append(run(DEPLOY, cwd=folder, env=env).seconds)
        done = run([*DEPLOY[:3], "graph", "local", "--json"], cwd=folder, env=env)
        stacks: list[Json] = json.loads(done.stdout)
        values = {each["name"]: _rendered(folder, each["name"]) for each in stacks}
        return Ours(first, result, tuple(noops), stacks, Model.of(values, Local.of(folder / ".emulator" / "local")))
    finally:
        release(folder)


def loop(folder: Path, ours: Ours, *, port: int) -> Baseline:
    """Measure the baseline on a separate emulator."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-loop-", ignore_cleanup_errors=True) as scratch,
        emulator(folder, Path(scratch) / "emulator", port) as local,
    ):
        plain = Loop(folder, Path(scratch), local, ours.stacks)
        note("the plain loop, fresh")
        first = plain.once(ours.model)
        note("the plain loop, nothing to do")
        return Baseline(first, plain.once(ours.model), plain.states)


def _newest_result(folder: Path) -> Json:
    newest = max(folder.glob(".runs/local/*/result.json"), key=lambda path: path.stat().st_mtime)
    document: Json = json.loads(newest.read_text(encoding="utf-8"))
    return document


def _rendered(folder: Path, stack: str) -> Json:
    values: Json = json.loads((folder / "build/local" / stack / "values.tfvars.json").read_text(encoding="utf-8"))
    return values


def describe(report: Report, ours: Ours, baseline: Baseline) -> None:
    """Report figures, goals and how they were measured."""
    chains = {name: floor.of_state(state) for name, state in baseline.states.items()}
    whole = floor.of_stacks(chains, {each["name"]: each["needs"] for each in ours.stacks})
    single = max(chains.values(), key=lambda chain: chain.seconds)
    noop = median(ours.noops)
    report.goals += [
        Goal("fresh deploy / plain loop", ours.fresh / baseline.fresh_seconds, FRESH_LIMIT),
        Goal("no-op deploy / the loop's no-op", noop / baseline.noop_seconds, NOOP_LIMIT),
        Goal("no-op deploy", noop, NOOP_SECONDS, " s"),
        Goal("fresh deploy / floor", ours.fresh / whole.seconds, FLOOR_LIMIT),
    ]
    report.commands([" ".join(DEPLOY), *(["# baseline, per stack"]), " && \\\n  ".join(COMMANDS)])
    report.say(_totals(ours, baseline, noop))
    report.say(_per_stack(ours, baseline, chains))
    report.say(
        f"Floor: {number(whole.seconds)} s along {' → '.join(whole.links)}. Inside a stack it is the longest chain of "
        "fixed waits of the provider along the dependencies in its state, across stacks the longest path of the stack "
        f"graph. However the stacks were cut, {number(single.seconds)} s would remain ({' → '.join(single.links)})."
    )
    report.say(_waits(baseline))
    report.say(
        "Not in the loop's time: the start of its local AWS, its state bucket, putting upstream outputs into the "
        "values, and the trained model, which is the one that our pipeline made, uploaded beforehand. The loop has no "
        "`GOGC` setting and no `TF_REATTACH_PROVIDERS`."
    )


def _totals(ours: Ours, baseline: Baseline, noop: float) -> str:
    steps = {each["name"]: each["seconds"] for each in (ours.result.get("pipeline") or {}).get("steps", ())}
    rows = [
        ("orchestrator, fresh", number(ours.fresh), f"of it training pipeline {number(sum(steps.values()))} s"),
        ("plain loop, fresh", number(baseline.fresh_seconds), "no gate, no pipeline, no smoke tests"),
        (
            "orchestrator, no-op",
            number(noop),
            f"median of {len(ours.noops)}, {number(min(ours.noops))} to {number(max(ours.noops))}",
        ),
        (
            "plain loop, no-op",
            number(baseline.noop_seconds),
            f"of it `apply` {number(sum(each.apply for each in baseline.noop.values()))} s",
        ),
    ]
    return table(("", "seconds", ""), rows)


def _per_stack(ours: Ours, baseline: Baseline, chains: Mapping[str, floor.Chain]) -> str:
    own = {each["name"]: each["seconds"] for each in ours.result["stacks"]}
    rows = [
        (
            name,
            number(own.get(name, 0.0)),
            number(times.init),
            number(times.apply),
            number(baseline.noop[name].total),
            number(chains[name].seconds),
        )
        for name, times in baseline.fresh.items()
    ]
    return table(("stack", "ours s", "loop: init s", "loop: apply s", "loop: no-op s", "fixed waits s"), rows)


def _waits(baseline: Baseline) -> str:
    created = floor.created_in("\n".join(each.said for each in baseline.fresh.values()))
    rows = []
    for kind, (seconds, why) in floor.WAITS.items():
        seen = created.get(kind)
        measured = f"{min(seen):.0f} to {max(seen):.0f} ({len(seen)})" if seen else "none"
        rows.append((f"`{kind}`", number(seconds), measured, why))
    others = ", ".join(f"`{kind}` {seconds:.0f} s" for kind, seconds in sorted(floor.unlisted(created).items()))
    text = table(("fixed wait", "table s", "loop took s (how many)", "why"), rows)
    return text + (f"\n\nNot in the table, although no creation was quick: {others}." if others else "")


def main() -> int:
    options = parser(__doc__)
    options.add_argument(
        "--port", type=int, default=4660, help="of our local AWS; the loop's is one higher (default: %(default)s)"
    )
    options.add_argument("--noop-runs", type=int, default=5, help="default: %(default)s")
    arguments: argparse.Namespace = options.parse_args()
    versions = machine.versions("python", "terraform", "hashicorp/aws", "checkov", "moto")
    report = Report("deploy", "Deployment to the local AWS", versions)
    with fresh() as folder:
        ours = deploy(folder, port=arguments.port, noop_runs=arguments.noop_runs)
        describe(report, ours, loop(folder, ours, port=arguments.port + 1))
    return finish(report, arguments)


if __name__ == "__main__":
    sys.exit(main())
