"""Local AWSes beside one another: each environment has its own, with its own port and folder.

The stand-in program of `test_emulator.py` is enough here.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orchestrator.errors import EmulatorError
from orchestrator.local_aws import ports
from orchestrator.local_aws.process import LocalEmulator, earlier
from tests.unit.orchestrator.local_aws.test_process import repo

__all__ = ["repo"]


@pytest.fixture(autouse=True)
def free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A range that no local AWS of this machine and no other worker is in; the variable is removed."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(2)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        first = min(probe.getsockname()[1] for probe in probes)
    monkeypatch.setattr(ports, "FIRST", first)
    monkeypatch.setattr(ports, "LAST", min(first + 199, 65535))
    monkeypatch.delenv("EMULATOR_PORT", raising=False)


@pytest.fixture
def one(repo: Path) -> Iterator[LocalEmulator]:
    emulator = LocalEmulator(repo, "one")
    yield emulator
    emulator.down()


@pytest.fixture
def two(repo: Path) -> Iterator[LocalEmulator]:
    # Its folder's name begins as the other one's does.
    emulator = LocalEmulator(repo, "one-more")
    yield emulator
    emulator.down()


def port(emulator: LocalEmulator) -> int:
    return int(emulator.up().endpoint.rpartition(":")[2])


def test_two_run_in_parallel_and_stop_separately(repo: Path, one: LocalEmulator, two: LocalEmulator) -> None:
    first, second = one.up(), two.up()
    assert first.endpoint != second.endpoint
    assert first.pid != second.pid
    assert [info.log for info in (first, second)] == [
        repo / ".emulator" / name / "emulator.log" for name in ("one", "one-more")
    ]
    assert one.down() is True
    assert one.status() is None
    assert two.status() == second


def test_a_hanging_one_is_not_mistaken_for_the_other(one: LocalEmulator, two: LocalEmulator, repo: Path) -> None:
    """Stopped processes do not respond: their command lines identify them."""
    second = two.up()
    record = json.loads((repo / ".emulator/one-more/emulator.json").read_text())
    (repo / ".emulator/one").mkdir()
    (repo / ".emulator/one/emulator.json").write_text(json.dumps(record | {"endpoint": "http://127.0.0.1:9"}))
    os.kill(second.pid, signal.SIGSTOP)
    try:
        assert one.down() is False
    finally:
        os.kill(second.pid, signal.SIGCONT)
    assert two.status() == second


def test_a_port_stays_from_start_to_start(one: LocalEmulator, two: LocalEmulator) -> None:
    chosen = port(one)
    assert chosen == ports.kept(one.up().log.parent)
    one.down()
    assert port(two) != chosen, "it is kept for `one`, although that is not running"
    assert port(one) == chosen


def test_a_kept_port_in_use_is_reported_and_not_replaced(one: LocalEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = port(one)
    one.down()
    monkeypatch.setattr("orchestrator.local_aws.process._health", lambda endpoint: None)  # who would not answer in time
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", chosen))
        stranger.listen()
        with pytest.raises(EmulatorError, match=f"port {chosen} is taken by another program") as caught:
            one.up()
    assert "`local: {port: …}` in terraform/envs/one/platform.yaml" in str(caught.value.hint)


def test_the_variable_takes_precedence_over_the_file_s_port(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ports.FIRST
    emulator = LocalEmulator(repo, "one", configured=given)
    try:
        assert port(emulator) == given
        other = LocalEmulator(repo, "two", configured=given)
        with pytest.raises(EmulatorError, match=f"port {given} is taken by the local AWS of `one`") as caught:
            other.up()
        assert "terraform/envs/two/platform.yaml" in str(caught.value.hint)
        monkeypatch.setenv("EMULATOR_PORT", str(given))
        with pytest.raises(EmulatorError, match="is taken by the local AWS of `one`") as caught:
            LocalEmulator(repo, "two", configured=given + 1).up()
        assert f"EMULATOR_PORT={given + 1}" in str(caught.value.hint)
    finally:
        emulator.down()
    assert not (repo / ".emulator/one/port").exists(), "a given port is not kept"


def test_an_invalid_kept_port_is_reported(repo: Path, one: LocalEmulator) -> None:
    file = repo / ".emulator/one/port"
    for wrong in ("", "http", "70000", "-1", "٣", "9" * 5000):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(EmulatorError, match=r"one/port does not contain a port: `.{0,40}`$"):
            one.up()
    assert one.status() is None


def test_no_free_port_is_reported(repo: Path, one: LocalEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "LAST", ports.FIRST - 1)
    with pytest.raises(EmulatorError, match="no port from"):
        one.up()


@pytest.fixture
def of_earlier(repo: Path) -> Iterator[int]:
    """Process of a local AWS with its files right in `.emulator/`; started by another process, as any is."""
    code = (
        "import sys; from pathlib import Path; from orchestrator.local_aws.process import LocalEmulator; "
        "p = Path(sys.argv[1]); print(LocalEmulator(p, '', port=0, data_dir=p / '.emulator').up().pid)"
    )
    started = subprocess.run([sys.executable, "-c", code, str(repo)], capture_output=True, text=True, check=True)
    yield int(started.stdout)
    earlier(repo).down()


def test_one_of_an_earlier_version_is_reported(repo: Path, one: LocalEmulator, of_earlier: int) -> None:
    """It must be stopped before another one can start."""
    with pytest.raises(EmulatorError, match=rf"of an earlier version is running \(pid {of_earlier},") as caught:
        one.up()
    assert "`orchestrator emulator down` (without an environment)" in str(caught.value.hint)
    with one.throwaway() as preview:
        assert preview.pid != of_earlier
    assert earlier(repo).down() is True
    assert one.up().pid != of_earlier


def test_files_of_an_earlier_version_do_not_prevent_a_start(repo: Path, one: LocalEmulator) -> None:
    (repo / ".emulator").mkdir()
    (repo / ".emulator/emulator.json").write_text(json.dumps({"pid": 2**22 + 1, "endpoint": "http://127.0.0.1:9"}))
    (repo / ".emulator/emulator.log").write_text("last words")
    one.up()
    assert (repo / ".emulator/emulator.log").read_text() == "last words"
