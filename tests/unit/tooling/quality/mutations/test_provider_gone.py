"""Without a provider nothing can be learned, so the check ends: at once, with one error and a separate exit code."""

from __future__ import annotations

import concurrent.futures
import json
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tooling.quality.mutations import __main__ as command
from tooling.quality.mutations import catch, pool
from tooling.quality.mutations.kept import Digests, Reach, Store
from tooling.quality.mutations.mutant import Mutant
from tooling.quality.mutations.table import INPUT_GUARDS

NO_PROVIDER = {
    "@level": "error",
    "type": "diagnostic",
    "diagnostic": {"severity": "error", "summary": catch.NO_PROVIDER},
}
GUARD = Mutant("modules/one", "variables.tf", "variable.x.validation", INPUT_GUARDS, "removed", (0, 1), "")


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[str], catch.Bench]:
    """A bench whose terraform counts its runs and never gets an answer from the provider at an address."""
    folder = tmp_path / "terraform/modules/one"
    (folder / "tests").mkdir(parents=True)
    (folder / "variables.tf").write_text("# x\n", encoding="utf-8")
    terraform = tmp_path / "terraform.sh"
    terraform.write_text(
        f"#!/bin/sh\n[ $1 = init ] && exit 0\necho run >> {tmp_path}/runs\necho '{json.dumps(NO_PROVIDER)}'\nexit 1\n",
        encoding="utf-8",
    )
    terraform.chmod(0o755)

    def at(address: str) -> catch.Bench:
        env = {"TF_REATTACH_PROVIDERS": json.dumps({"aws": {"Addr": {"Network": "unix", "String": address}}})}
        return catch.Bench(tmp_path, env, str(terraform))

    return at


def test_a_provider_that_has_ended_is_called_once(bench: Callable[[str], catch.Bench], tmp_path: Path) -> None:
    with pytest.raises(catch.ProviderGone, match="its process has ended"):
        bench(str(tmp_path / "none.sock")).judge(GUARD)
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "run\n"
    assert (tmp_path / "terraform/modules/one/variables.tf").read_text(encoding="utf-8") == "# x\n"


def test_a_busy_provider_gets_its_attempts(
    bench: Callable[[str], catch.Bench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch, "PAUSE_SECONDS", 0.0)
    address = str(tmp_path / "busy.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        with pytest.raises(catch.ProviderGone, match="did not answer 4 times, when modules/one was tested"):
            bench(address).judge(GUARD)
    assert len((tmp_path / "runs").read_text(encoding="utf-8").split()) == catch.ATTEMPTS


def _store(tmp_path: Path) -> Store:
    (tmp_path / "terraform/modules/one").mkdir(parents=True, exist_ok=True)
    return Store(tmp_path / "verdicts.jsonl", Digests(tmp_path, ""))


def test_a_worker_keeps_what_it_knows_and_none_goes_on(tmp_path: Path) -> None:
    judged_mutants: list[Mutant] = []

    def judge(mutant: Mutant) -> catch.Verdict:
        judged_mutants.append(mutant)
        if len(judged_mutants) == 2:
            raise catch.ProviderGone("its process has ended")
        return catch.Verdict(mutant, (), ("test of modules/one: a_run",), Reach.TESTS)

    mutants = [Mutant("modules/one", "a.tf", f"x.{n}", "encryption", "removed", (0, 1), "") for n in range(3)]
    store = _store(tmp_path)
    bench: Any = SimpleNamespace(judge=judge)
    first, second = (pool._Worker(bench, store, tmp_path / pool.STOP) for _ in range(2))
    with pytest.raises(catch.ProviderGone):
        first.judge(mutants)
    (tmp_path / pool.STOP).touch()
    assert second.judge(mutants) == ([], [])
    assert judged_mutants == mutants[:2]
    assert list(store.lookup(mutants)) == mutants[:1]


@pytest.mark.parametrize("end", [catch.ProviderGone("its process has ended"), KeyboardInterrupt()])
def test_what_waits_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException) -> None:
    """The first part ends everything; its worker is kept busy until the sign to stop is there."""
    scratch: list[Path] = []

    class Inline(ThreadPoolExecutor):
        def __init__(self, jobs: int, context: object, start: object, arguments: tuple[Any, ...]) -> None:
            super().__init__(jobs)
            scratch.append(Path(arguments[0]))

    def judge(part: list[Mutant]) -> pool.Judged:
        if (scratch[0] / pool.STOP).exists():  # as a worker does, who may come here before the rest is cancelled
            return [], []
        began.append(part)
        if len(began) == 1:
            raise end
        while not (scratch[0] / pool.STOP).exists():
            time.sleep(0.001)
        return [], []

    began: list[list[Mutant]] = []
    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", Inline)
    monkeypatch.setattr(pool, "_provider", lambda snapshot: nullcontext({}))
    monkeypatch.setattr(pool, "terraform_binary", lambda: "terraform")
    monkeypatch.setattr(pool, "_judge", judge)
    monkeypatch.setattr(pool, "TOGETHER", 1)
    mutants = [Mutant("modules/one", "a.tf", f"x.{n}", "encryption", "removed", (0, 1), "") for n in range(9)]
    with pytest.raises(type(end)):
        pool.judged(mutants, 1, tmp_path, _store(tmp_path))
    assert len(began) <= 2


def test_one_error_and_a_separate_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def gone(*_: object) -> None:
        raise catch.ProviderGone("its process has ended")

    monkeypatch.setattr(sys, "argv", ["mutations", "--only", "modules/kms: .*rotation_period"])
    monkeypatch.setattr(command, "VERDICTS", tmp_path / "verdicts.jsonl")
    monkeypatch.setattr(pool, "judged", gone)
    assert command.main() == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[1:] == [
        "error: the AWS provider is gone: its process has ended",
        "hint: run it again: it goes on where it was; with --jobs 1 if the machine is busy",
    ]
