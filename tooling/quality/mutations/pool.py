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

from orchestrator.terraform.warm_provider import client, locate, types_used
from tooling.quality.mutations import catch, kept
from tooling.quality.mutations.mutant import Mutant

TOGETHER = 20
STOP = "stop"
"""A file beside the benches: no worker tries another mutant once it is there."""

Judged = tuple[list[catch.Verdict], list[str]]
"""Verdicts, and what was red before any change."""


class _Worker:
    """What a process holds: its bench, the verdicts' file, and the sign that all shall stop."""

    def __init__(self, bench: catch.Bench, store: kept.Store, stop: Path) -> None:
        self.bench, self.store, self._stop = bench, store, stop

    def judge(self, mutants: list[Mutant]) -> Judged:
        """Judge mutants. Raises `ProviderGone`, after which no worker tries another one."""
        verdicts, problems = [], []
        for mutant in mutants:
            if self._stop.exists():
                break
            try:
                verdict = self.bench.judge(mutant)
            except catch.BaselineRed as red:
                problems.append(str(red))
            else:
                self.store.add(mutant, verdict.policies, verdict.tests, verdict.reach)
                verdicts.append(verdict)
        return verdicts, problems


_worker: _Worker | None = None


def judged(mutants: list[Mutant], jobs: int, snapshot: Path, store: kept.Store) -> Judged:
    """Return verdicts, and what could not be tested because it failed unchanged.

    Args:
        mutants: to be tried.
        jobs: processes.
        snapshot: copy of the repository from which the mutants were made; each process works in a copy of it.
        store: where verdicts are kept as they are reached.

    Raises:
        ProviderGone: at once, with the verdicts so far in the store.
    """
    if not mutants:
        return [], []
    with (
        tempfile.TemporaryDirectory(prefix="mutations-") as scratch,
        _provider(snapshot) as env,
        concurrent.futures.ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), _start, (scratch, snapshot, store, env, terraform_binary())
        ) as executor,
    ):
        try:
            return _collected([executor.submit(_judge, part) for part in _parts(mutants)], len(mutants))
        except BaseException:  # an interrupt, too, ends it at once: what is done is in the store
            (Path(scratch) / STOP).touch()
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _collected(waiting: list[concurrent.futures.Future[Judged]], total: int) -> Judged:
    verdicts: list[catch.Verdict] = []
    problems: dict[str, None] = {}
    for future in concurrent.futures.as_completed(waiting):
        judged_here, red = future.result()
        verdicts += judged_here
        problems |= dict.fromkeys(red)
        for verdict in judged_here:
            if not verdict.caught:
                sys.stderr.write(f"survived: {verdict.mutant.name}\n")
        sys.stderr.write(f"{len(verdicts)} of {total}\n")
    return verdicts, list(problems)


def _parts(mutants: list[Mutant]) -> list[list[Mutant]]:
    """Divide the work; mutants of one folder stay together as far as possible."""
    parts: list[list[Mutant]] = []
    for mutant in sorted(mutants, key=lambda each: (each.folder, each.category)):
        if not parts or parts[-1][0].folder != mutant.folder or len(parts[-1]) >= TOGETHER:
            parts.append([])
        parts[-1].append(mutant)
    return sorted(parts, key=len, reverse=True)


def _start(scratch: str, snapshot: Path, store: kept.Store, env: dict[str, str], binary: str) -> None:
    global _worker
    copy = Path(tempfile.mkdtemp(prefix="bench-", dir=scratch)) / "repository"
    shutil.copytree(snapshot, copy, symlinks=True)
    _worker = _Worker(catch.Bench(copy, env, binary), store, Path(scratch) / STOP)


def _judge(mutants: list[Mutant]) -> Judged:
    assert _worker
    return _worker.judge(mutants)


@contextmanager
def _provider(repo: Path) -> Iterator[dict[str, str]]:
    """Return terraform's environment with one running provider for all: it only lends its schema to the mocks."""
    env = catch.environment()
    binary = locate.provider_binary(catch.REPO)
    if binary is None:
        yield env
        return
    code = repo / "terraform/modules", repo / "terraform/phases"
    types = set(types_used.in_tree(*code))
    for mocks in (repo / "tests/terraform/mocks").iterdir():
        types |= types_used.in_hcl(mocks.read_text(encoding="utf-8"))
    blocks = types_used.blocks_in_tree(*code)
    try:
        attached = client.attach(repo, binary, name="mocked", types=types, environment=env, mocked_blocks=blocks)
        yield env | {"TF_REATTACH_PROVIDERS": attached}
    finally:
        client.stop(repo, binary)


def terraform_binary() -> str:
    own = catch.REPO / ".tools/bin/terraform"
    binary = str(own) if own.exists() else shutil.which("terraform")
    if not binary:
        raise SystemExit("error: terraform is neither in .tools/bin nor on PATH\nhint: run `make setup`")
    return binary
