"""Starting, finding and stopping the emulator; a stand-in program with its command line is enough here."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import ConfigError, EmulatorError, SetupError
from orchestrator.local_aws.process import LocalEmulator

PROGRAM = textwrap.dedent('''
    """Answers as the emulator does; EMULATOR_TEST_MODE (a file in the folder) makes it misbehave."""
    import argparse, http.server, json, os, pathlib, signal, sys, threading

    parser = argparse.ArgumentParser()
    parser.add_argument("serve")
    parser.add_argument("--port", type=int)
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--jobs-python")
    parser.add_argument("--iam")
    args = parser.parse_args()
    mode = pathlib.Path("mode").read_text() if pathlib.Path("mode").exists() else ""
    if mode == "die":
        print("cannot start: moto is too old", file=sys.stderr)
        sys.exit(3)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            health = {"service": "mlops-emulator", "pid": os.getpid(), "account_id": "123456789012",
                      "started_at": "2026-01-01T00:00:00+00:00", "iam": args.iam}
            evidence = {"evidence": [{"id": "e1", "query": self.path.partition("?")[2]}]}
            body = json.dumps(evidence if "evidence" in self.path else health).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    port = server.server_port
    target = args.data_dir / "emulator.json"
    draft = target.with_suffix(".tmp")
    key = {"access_key_id": "LOCALKEY", "secret_access_key": "s3cr3t"}
    draft.write_text(json.dumps({"pid": os.getpid(), "endpoint": f"http://127.0.0.1:{port}", "port": port, **key}))
    draft.replace(target)
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("fds", sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else "unknown")
    print("env", sorted(os.environ), "home", os.environ["HOME"], "ready", flush=True)
    server.serve_forever()
''')


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "emulator").mkdir()
    (tmp_path / "emulator" / "__init__.py").write_text("")
    (tmp_path / "emulator" / "__main__.py").write_text(PROGRAM)
    jobs = tmp_path / ".venv-jobs" / "bin" / "python"
    jobs.parent.mkdir(parents=True)
    jobs.symlink_to(sys.executable)
    return tmp_path


@pytest.fixture
def emulator(repo: Path) -> Iterator[LocalEmulator]:
    emulator = LocalEmulator(repo, "here", port=0)
    yield emulator
    emulator.down()


def test_up_status_down(emulator: LocalEmulator, repo: Path) -> None:
    assert emulator.status() is None
    assert emulator.logs(10) == ""
    info = emulator.up()
    assert info == emulator.status() == emulator.up()
    assert info.account_id == "123456789012"
    assert os.getsid(info.pid) == info.pid != os.getsid(0)
    assert "ready" in emulator.logs(1)
    assert emulator.down() is True
    assert emulator.down() is False
    assert emulator.status() is None
    assert not (repo / ".emulator" / "here" / "emulator.json").exists()


def test_code_that_changed_after_the_start_is_noticed(emulator: LocalEmulator, repo: Path) -> None:
    emulator.up()
    assert not emulator.up().outdated
    (repo / "emulator" / "__init__.py").write_text("CHANGED = True\n")
    assert emulator.up().outdated
    emulator.down()
    assert not emulator.up().outdated


def test_another_command_finds_and_stops_it(emulator: LocalEmulator, repo: Path) -> None:
    info = emulator.up()
    other = LocalEmulator(repo, "here", port=0)
    assert other.status() == info
    assert other.up() == info
    # This process is the parent and has to take the exit code, or `other` sees the process as running.
    code = (
        "import sys; from pathlib import Path; from orchestrator.local_aws.process import LocalEmulator;"
        f"print(LocalEmulator(Path({str(repo)!r}), 'here', port=0).status().pid)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(child.stdout) == info.pid


def test_the_daemon_inherits_neither_descriptors_nor_environment(
    emulator: LocalEmulator, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    emulator.up()
    os.close(writer)
    os.set_blocking(reader, False)
    assert os.read(reader, 1) == b"", "the pipe must be at its end: no other process may hold it"
    os.close(reader)
    assert "AWS_PROFILE" not in emulator.logs(5)
    assert f"home {repo}/.emulator/here ready" in emulator.logs(5), "botocore reads models of services there"


def test_evidence_sends_the_filters(emulator: LocalEmulator) -> None:
    with pytest.raises(EmulatorError, match="is not running"):
        emulator.evidence()
    emulator.up()
    assert emulator.evidence(execution="arn:x", kind="training") == [
        {"id": "e1", "query": "execution=arn%3Ax&kind=training"}
    ]


def test_a_stranger_on_the_port_is_named(repo: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"port {port} is taken by another program") as caught:
            LocalEmulator(repo, "here", port=port).up()
    assert "EMULATOR_PORT" in (caught.value.hint or "")


def test_the_emulator_of_another_checkout_is_named(emulator: LocalEmulator, repo: Path) -> None:
    info = emulator.up()
    port = int(info.endpoint.rpartition(":")[2])
    second = repo / "second"
    (second / ".venv-jobs/bin").mkdir(parents=True)
    (second / ".venv-jobs/bin/python").symlink_to(sys.executable)
    with pytest.raises(EmulatorError, match=rf"port {port} is taken by another emulator \(pid {info.pid}\)"):
        LocalEmulator(second, "here", port=port).up()


def test_dying_at_the_start_shows_the_log(repo: Path) -> None:
    (repo / "mode").write_text("die")
    with pytest.raises(EmulatorError, match=r"exit code 3(.|\n)*moto is too old"):
        LocalEmulator(repo, "here", port=0).up()


def test_an_emulator_that_ignores_sigterm_is_killed(
    emulator: LocalEmulator, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.local_aws.process._STOP_SECONDS", 1.0)
    (repo / "mode").write_text("deaf")
    emulator.up()
    assert emulator.down() is True


def test_a_crashed_emulator_is_not_running_and_starts_again(emulator: LocalEmulator) -> None:
    first = emulator.up()
    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while emulator.status() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert emulator.status() is None
    assert emulator.lost().startswith(f"the local AWS of process {first.pid} ended unexpectedly: what was ")
    second = emulator.up()
    assert second.pid != first.pid
    assert f"process {first.pid} ended" in second.lost
    assert emulator.up().lost == emulator.lost() == ""
    emulator.down()
    assert emulator.lost() == ""


def test_a_reused_pid_is_not_signalled(emulator: LocalEmulator, repo: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (repo / ".emulator" / "here").mkdir(parents=True)
        record = {"pid": bystander.pid, "endpoint": "http://127.0.0.1:9"}
        (repo / ".emulator" / "here" / "emulator.json").write_text(json.dumps(record))
        assert emulator.down() is False
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_throwaway_is_separate_and_removed_at_the_end(emulator: LocalEmulator, repo: Path) -> None:
    kept = emulator.up()
    with emulator.throwaway() as info:
        assert info.endpoint != kept.endpoint
        assert not info.log.is_relative_to(repo)
    assert not info.log.parent.exists()
    assert emulator.status() == kept


def test_without_the_jobs_environment_it_does_not_start(repo: Path) -> None:
    (repo / ".venv-jobs" / "bin" / "python").unlink()
    with pytest.raises(SetupError, match=r"\.venv-jobs"):
        LocalEmulator(repo, "here", port=0).up()


@pytest.mark.parametrize("value", ["http", "0", "70000"])
def test_a_wrong_port_is_refused_with_its_value(repo: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EMULATOR_PORT", value)
    with pytest.raises(ConfigError, match=f"got `{value}`"):
        LocalEmulator(repo, "here")


def test_permissions_are_enforced_unless_disabled(emulator: LocalEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    assert emulator.up().iam == "enforced"
    emulator.down()
    monkeypatch.setenv("EMULATOR_IAM", "off")
    assert emulator.up().iam == "off"
    emulator.down()
    monkeypatch.setenv("EMULATOR_IAM", "no")
    with pytest.raises(ConfigError, match="EMULATOR_IAM must be `enforced` or `off`, got `no`"):
        emulator.up()
