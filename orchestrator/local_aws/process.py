"""Run the local AWS of an environment as a background process.

Each local environment of a checkout has its own, with its own port, key and data folder, `.emulator/<env>/`. It is
started as a daemon: its own session, no descriptor of the caller (so that `make deploy | tee log` ends), output into
`emulator.log`. Once it serves, it writes `emulator.json` into its data folder, where later commands find it; they trust
the file only if the server at its URL reports the same pid.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from orchestrator.aws import loopback
from orchestrator.core.environment import base_env
from orchestrator.core.local_access import LocalAccess
from orchestrator.core.types import Json
from orchestrator.errors import ConfigError, EmulatorError, SetupError
from orchestrator.local_aws import ports
from orchestrator.local_aws.model import EmulatorInfo
from orchestrator.system import identity, own_files, process, trouble
from orchestrator.system.text_files import clipped

ROOT = ".emulator"
"""The folder of a checkout with one folder per local environment."""
_RECORD = "emulator.json"
_SERVICE = "mlops-emulator"
_START_SECONDS = 90.0
_STOP_SECONDS = 15.0
_TICK = 0.1


class LocalEmulator:
    """Start, find and stop the emulator.

    Args:
        repo: the checkout; its `.venv-jobs` runs jobs and model servers.
        environment: the environment's name.
        port: by default `EMULATOR_PORT`, else `configured`, else the one it had before, else the first free one from
            4566; 0 lets the emulator pick a free one. `EMULATOR_IAM=off` starts it without checks of permissions.
        configured: the port in the environment's file.
        data_dir: by default `.emulator/<environment>` in the checkout.
    """

    def __init__(
        self,
        repo: Path,
        environment: str,
        *,
        port: int | None = None,
        configured: int | None = None,
        data_dir: Path | None = None,
    ) -> None:
        self._repo = repo.resolve()
        self._environment = environment
        self._given = ports.from_environment() if port is None else port
        self._configured = configured
        self._data = (data_dir or self._repo / ROOT / environment).resolve()
        self._log = self._data / "emulator.log"
        self._child: subprocess.Popen[bytes] | None = None

    def up(self) -> EmulatorInfo:
        """Start the emulator, unless it is running."""
        self._data.mkdir(parents=True, exist_ok=True)
        with self._only_one_starts():
            running = self.status()
            if running is not None:
                return replace(
                    running, outdated=self._code_file.is_file() and self._code_file.read_text() != self._code()
                )
            self._refuse_earlier_layout()
            port = self._port()
            lost = self.lost()
            return replace(self._start(port), lost=lost)

    def down(self) -> bool:
        """Stop the emulator; `False` if it was not running."""
        record = self._record()
        if record is None:
            return False
        pid = int(record["pid"])
        # The pid alone proves nothing: after a reboot it may belong to any process.
        if not self._is_ours(record):
            self._forget()
            return False
        for sign, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
            _signal_session(pid, sign)
            if self._ended(pid, seconds):
                self._forget()
                return True
        raise EmulatorError(f"the emulator (pid {pid}) did not end after SIGKILL")

    def status(self) -> EmulatorInfo | None:
        """Return the running emulator; `None` if there is none."""
        record = self._record()
        if record is None:
            return None
        health = _health(str(record["endpoint"]))
        if health is None or health.get("pid") != record["pid"]:
            return None
        if not {"access_key_id", "secret_access_key"} <= record.keys():
            raise EmulatorError(
                f"the local AWS (pid {record['pid']}) was started by an earlier version, which had no separate key",
                hint=f"Stop it (`orchestrator emulator down {self._environment}`), which deletes everything in it, and "
                "deploy again.",
            )
        return EmulatorInfo(
            pid=int(record["pid"]),
            access=LocalAccess(
                str(record["endpoint"]),
                str(record["access_key_id"]),
                str(record["secret_access_key"]),
                identity.of(int(record["pid"])),
            ),
            account_id=str(health["account_id"]),
            log=self._log,
            started_at=str(health["started_at"]),
            iam=str(health["iam"]),
        )

    def lost(self) -> str:
        """Describe an emulator that was killed; empty if there is none. One that was stopped removes its record."""
        record = self._record()
        if record is None or self._is_ours(record):
            return ""
        since = f" (since {record['started_at']})" if "started_at" in record else ""
        return (
            f"the local AWS of process {record['pid']}{since} ended unexpectedly: what was deployed to it, "
            "and unfinished requests and jobs, are lost"
        )

    def logs(self, lines: int) -> str:
        """Return the end of the emulator's log; empty if it never ran."""
        if not self._log.exists():
            return ""
        with self._log.open(encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:] if lines > 0 else [])

    def evidence(self, **filters: str) -> list[Json]:
        """Return records of work that really ran, e.g. `evidence(execution=arn, kind="training")`."""
        info = self.status()
        if info is None:
            hint = f"Run `orchestrator emulator up {self._environment}`."
            raise EmulatorError(f"the local AWS of `{self._environment}` is not running", hint=hint)
        document = _get(f"{info.endpoint}/_emulator/evidence?{urlencode(filters)}", timeout=30, key=info.access)
        if document is None:
            raise EmulatorError(
                f"the emulator at {info.endpoint} returned no evidence",
                hint=f"See `orchestrator emulator logs {self._environment}`.",
            )
        return [dict(record) for record in document["evidence"]]

    @contextlib.contextmanager
    def throwaway(self) -> Iterator[EmulatorInfo]:
        """Run an empty emulator on a free port during a `with` block, for previews without credentials."""
        with tempfile.TemporaryDirectory(prefix="emulator-") as folder:
            empty = LocalEmulator(self._repo, self._environment, port=0, data_dir=Path(folder))
            try:
                yield empty.up()
            finally:
                empty.down()

    def _start(self, port: int) -> EmulatorInfo:
        command = self._command(port)
        self._code_file.write_text(self._code(), encoding="utf-8")
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".previous.log"))
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                command,
                cwd=self._repo,
                # Its AWS clients would read models of services in the user's home folder.
                env=base_env() | {"HOME": str(self._data)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                close_fds=True,
                start_new_session=True,
            )
        try:
            return self._wait_until_it_serves(self._child)
        except BaseException:
            _signal_session(self._child.pid, signal.SIGKILL)
            self._child.wait()
            raise

    @property
    def _code_file(self) -> Path:
        """Holds the hash of the code that was started."""
        return self._data / "code.sha256"

    def _code(self) -> str:
        digest = hashlib.sha256()
        for file in sorted((self._repo / "emulator").rglob("*.py")):
            digest.update(file.relative_to(self._repo).as_posix().encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()

    def _command(self, port: int) -> list[str]:
        jobs = self._repo / ".venv-jobs" / "bin" / "python"
        if not jobs.exists():
            raise SetupError(f"{jobs} is missing: training and model servers run in it", hint="Run `make setup`.")
        options = {"--port": str(port), "--data-dir": str(self._data), "--jobs-python": str(jobs)}
        options["--iam"] = _iam_from_environment()
        words = [word for option in options.items() for word in option]
        return [sys.executable, "-m", "emulator", "serve", *words]

    def _wait_until_it_serves(self, child: subprocess.Popen[bytes]) -> EmulatorInfo:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if child.poll() is not None:
                trouble.require_room(self._data)
                raise EmulatorError(
                    f"the emulator exited during its start with exit code {child.returncode}:\n{self.logs(15).strip()}",
                    hint=f"The whole log: {self._log}",
                )
            record = self._record()
            if record is not None and record["pid"] == child.pid:
                info = self.status()
                if info is not None:
                    return info
            time.sleep(_TICK)
        raise EmulatorError(
            f"the emulator did not answer within {_START_SECONDS:g} seconds:\n{self.logs(15).strip()}",
            hint=f"The whole log: {self._log}",
        )

    def _port(self) -> int:
        """Return the port to listen on. This emulator is not running, so a port in use belongs to another program."""
        if self._given == 0:
            return 0
        file = f"`local: {{port: …}}` in terraform/envs/{self._environment}/platform.yaml"
        if self._given is not None:
            port, key = self._given, f"`EMULATOR_PORT={self._given % 65535 + 1}`"
        elif self._configured is not None:
            port, key = self._configured, file
        else:
            port, key = ports.kept(self._data), file
        reason = ports.refusal(port)
        if reason:
            holder = self._holder(port) or f"another program ({reason})"
            raise EmulatorError(f"port {port} is taken by {holder}", hint=f"Stop it, or choose another port: {key}.")
        return port

    def _holder(self, port: int) -> str:
        """Describe the emulator that serves on a port; empty if none does."""
        health = _health(f"http://{ports.HOST}:{port}")
        if health is None:
            return ""
        for file in sorted((self._repo / ROOT).glob(f"*/{_RECORD}")):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                if json.loads(file.read_text(encoding="utf-8")).get("pid") == health["pid"]:
                    return f"the local AWS of `{file.parent.name}` (pid {health['pid']})"
        return f"another emulator (pid {health['pid']})"

    def _refuse_earlier_layout(self) -> None:
        """Refuse to start beside a local AWS of earlier versions, directly in `.emulator/`, to keep its content."""
        if self._data.parent != self._repo / ROOT:
            return  # a preview's, which has a separate folder
        running = earlier(self._repo).status_by_record()
        if running is not None:
            raise EmulatorError(
                f"a local AWS of an earlier version is running (pid {running}, files directly in {self._repo / ROOT}) "
                "and cannot be used: each environment has its own local AWS now",
                hint="stop it with `orchestrator emulator down` (without an environment), which deletes all of it",
            )

    def status_by_record(self) -> int | None:
        """Return the pid in the record, if that process is alive, whatever version started it."""
        record = self._record()
        return int(record["pid"]) if record is not None and self._is_ours(record) else None

    @contextlib.contextmanager
    def _only_one_starts(self) -> Iterator[None]:
        """Let one of two parallel commands start the emulator, while the other waits and then finds it."""
        with (self._data / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _record(self) -> Json | None:
        file = self._data / _RECORD
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return None
        hint = "Delete the file and start again."
        record = own_files.parsed(content, str(file), keys=("pid", "endpoint"), error=EmulatorError, hint=hint)
        if not isinstance(record["pid"], int) or not str(record["endpoint"]).startswith("http://"):
            raise EmulatorError(f"{file} names no process and no URL (pid {clipped(repr(record['pid']))})", hint=hint)
        return record

    def _forget(self) -> None:
        (self._data / _RECORD).unlink(missing_ok=True)

    def _is_ours(self, record: Json) -> bool:
        """Compare the record with the emulator's health check or, if it hangs, with its command line."""
        health = _health(str(record["endpoint"]))
        if health is not None:
            return bool(health.get("pid") == record["pid"])
        words = _command_line(int(record["pid"]))
        # With the next option, because one environment's folder may be a prefix of another's.
        return "-m emulator serve" in words and f"--data-dir {self._data} --jobs-python" in words

    def _ended(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._child is not None and self._child.pid == pid:
                if self._child.poll() is not None:
                    return True
            elif not _command_line(pid):
                return True
            time.sleep(_TICK)
        return False


def earlier(repo: Path) -> LocalEmulator:
    """Return the local AWS of earlier versions, which had one for each checkout."""
    return LocalEmulator(repo, "", data_dir=repo / ROOT)


def _iam_from_environment() -> str:
    value = os.environ.get("EMULATOR_IAM", "").strip() or "enforced"
    if value not in ("enforced", "off"):
        raise ConfigError(f"EMULATOR_IAM must be `enforced` or `off`, got `{value}`")
    return value


def _signal_session(pid: int, sign: signal.Signals) -> None:
    """Send SIGTERM to the server, which stops its workers itself, or SIGKILL to the whole session."""
    with contextlib.suppress(ProcessLookupError):
        if sign is signal.SIGKILL:
            os.killpg(pid, sign)
        else:
            os.kill(pid, sign)


def _command_line(pid: int) -> str:
    """Return a process's command line; empty if there is none, or only a zombie."""
    command = ["ps", "-o", "stat=,command=", "-p", str(pid)]
    try:
        output = process.run(command, env=base_env(), ok=None, timeout=10).stdout.strip()
    except SetupError:
        output = _from_proc(pid)  # small container images have no `ps`
    state, _, words = output.partition(" ")
    return "" if state.startswith("Z") else words.strip()


def _from_proc(pid: int) -> str:
    folder = Path("/proc") / str(pid)
    try:
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return f"{state} {words}"


def _health(endpoint: str) -> Json | None:
    document = _get(f"{endpoint}/_emulator/health", timeout=5)
    return document if document is not None and document.get("service") == _SERVICE else None


def _get(url: str, *, timeout: float, key: LocalAccess | None = None) -> Json | None:
    """Fetch a JSON object from loopback; `None` without a response, or with any other."""
    headers = {}
    if key is not None:
        pair = f"{key.access_key_id}:{key.secret_access_key}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        status, _, content = loopback.request("GET", url, headers=headers, timeout=timeout)
        document = json.loads(content) if status == 200 else None
    except (*loopback.NoAnswer, ConfigError, ValueError):
        return None
    return document if isinstance(document, dict) else None
