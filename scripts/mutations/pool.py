"""Tries mutants side by side: a process and a copy of the code each, one Terraform provider for all."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.warm import client, locate, types_used
from scripts.mutations import catch, generate

TOGETHER = 40

_bench: catch.Bench | None = None


def judged(mutants: list[generate.Mutant], jobs: int) -> tuple[list[catch.Verdict], list[str]]:
    """Verdicts by name, and what could not be tried because it was red unchanged."""
    verdicts: list[catch.Verdict] = []
    problems: dict[str, None] = {}
    with (
        tempfile.TemporaryDirectory(prefix="mutations-") as scratch,
        _providers(Path(scratch)) as envs,
        concurrent.futures.ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), _start, (scratch, envs, _binary())
        ) as executor,
    ):
        waiting = [executor.submit(_judge, part) for part in _parts(mutants)]
        for future in concurrent.futures.as_completed(waiting):
            judged_here, red = future.result()
            verdicts += judged_here
            problems |= dict.fromkeys(red)
            for verdict in judged_here:
                if not verdict.caught:
                    sys.stderr.write(f"survived: {verdict.mutant.name}\n")
            sys.stderr.write(f"{len(verdicts)} of {len(mutants)}\n")
    return sorted(verdicts, key=lambda verdict: verdict.mutant.name), list(problems)


def _parts(mutants: list[generate.Mutant]) -> list[list[generate.Mutant]]:
    """Mutants of one folder stay together, as far as the work can still be shared."""
    parts: list[list[generate.Mutant]] = []
    for mutant in sorted(mutants, key=lambda each: (each.folder, each.category)):
        if not parts or parts[-1][0].folder != mutant.folder or len(parts[-1]) >= TOGETHER:
            parts.append([])
        parts[-1].append(mutant)
    return sorted(parts, key=len, reverse=True)


def _start(scratch: str, envs: catch.Environments, binary: str) -> None:
    global _bench
    copy = catch.copy_of_repository(Path(tempfile.mkdtemp(prefix="bench-", dir=scratch)))
    _bench = catch.Bench(copy, envs, binary)


def _judge(mutants: list[generate.Mutant]) -> tuple[list[catch.Verdict], list[str]]:
    assert _bench
    verdicts, problems = [], []
    for mutant in mutants:
        try:
            verdicts.append(_bench.judge(mutant))
        except catch.BaselineRed as red:
            problems.append(str(red))
    return verdicts, problems


@contextmanager
def _providers(scratch: Path) -> Iterator[catch.Environments]:
    """Running providers for all: they only lend their schema to the mocks."""
    env = catch.environment()
    binary = locate.provider_binary(catch.REPO)
    if binary is None:
        yield catch.Environments(env, env)
        return
    repo = catch.copy_of_repository(scratch / "provider")
    folders = catch.folders(repo / "terraform")
    everything = set(types_used.in_tree(repo / "terraform/modules", repo / "terraform/phases"))
    for mocks in (repo / "tests/terraform/mocks").iterdir():
        everything |= types_used.in_hcl(mocks.read_text(encoding="utf-8"))
    light = everything - {kind for kind in everything if kind.startswith("aws_wafv2_")}
    assert any(catch.uses_firewall(folder) for folder in folders) == (light != everything)
    try:
        attached = {
            name: env | {"TF_REATTACH_PROVIDERS": client.attach(repo, binary, name=name, types=types, environment=env)}
            for name, types in (("plain", light), ("firewall", everything))
        }
        yield catch.Environments(**attached)
    finally:
        client.stop(repo, binary)


def _binary() -> str:
    own = catch.REPO / ".tools/bin/terraform"
    found = str(own) if own.exists() else shutil.which("terraform")
    if not found:
        raise SystemExit("error: terraform is neither in .tools/bin nor on PATH\nhint: run `make setup`")
    return found
