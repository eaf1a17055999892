"""A copy of this checkout to deploy from: what a fresh clone holds, with set-up's folders linked in."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import clients, compute, keys

REPO = Path(__file__).resolve().parents[2]
LINKED = (".venv", ".venv-checkov", ".venv-jobs", ".tools", ".cache")
WAITED_FOR = ("realtime", "serverless")
ALL_KINDS = (*WAITED_FOR, "batch", "async")
HOSTILE = {
    "AWS_PROFILE": "does-not-exist",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "TF_CLI_CONFIG_FILE": "/nonexistent/terraformrc",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_BEARER_TOKEN_BEDROCK": "token-of-a-real-account",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_REGION": "eu-west-3",
    "AWS_DEFAULT_REGION": "eu-west-3",
    "REQUESTS_CA_BUNDLE": "/nonexistent/ca.pem",
    "TF_LOG": "trace",
    "TF_CLI_ARGS": "-no-such-option",
    "TF_CLI_ARGS_plan": "-destroy",
    "TF_VAR_region": "eu-west-3",
    "TF_WORKSPACE": "another",
    "TF_DATA_DIR": "/nonexistent/data",
    "TF_REATTACH_PROVIDERS": "{",
    "NODE_OPTIONS": "--require /nonexistent/first.js",
}
"""What a developer's shell may hold, and what must not reach a local deployment."""


@dataclass(frozen=True)
class Checkout:
    folder: Path
    port: int

    def __post_init__(self) -> None:
        keys.learn(self.endpoint, self.folder / ".emulator" / "local")

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {"EMULATOR_PORT": str(self.port), "CI": "true"} | more

    def orchestrator(self, *arguments: str, timeout: float = 600, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command from this copy's sources."""
        return subprocess.run(
            [".venv/bin/python", "-m", "orchestrator", *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str) -> Running:
        """Start a command and leave it running."""
        log = self.folder / f"{'-'.join(arguments)}-{len(self.runs())}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [".venv/bin/python", "-m", "orchestrator", *arguments],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Running(self, process, log, frozenset(self.runs()))

    def runs(self) -> list[Path]:
        """Folders of the runs so far."""
        return [path for path in self.folder.glob(".runs/local/*") if path.is_dir() and not path.is_symlink()]

    def result(self) -> dict[str, Any]:
        """Return `result.json` of the newest run, which must have one: a run that is to be continued has none."""
        newest = max(self.runs(), key=lambda path: path.name)
        file = newest / "result.json"
        assert file.is_file(), f"{newest.name} has no result: {sorted(path.name for path in newest.iterdir())}"
        document: dict[str, Any] = json.loads(file.read_text())
        return document

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """A file with one text replaced, for as long as it takes."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} no longer holds {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    def processes(self) -> dict[int, str]:
        """Living processes that belong to this copy: its folder is in their command line."""
        listed = subprocess.run(
            ["ps", "-eww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(maxsplit=2) for line in listed.splitlines()]
        return {
            int(row[0]): row[2]
            for row in rows
            if len(row) == 3 and not row[1].startswith("Z") and f"{self.folder}/" in row[2]
        }

    def evidence(self, **filters: str) -> list[dict[str, Any]]:
        """What its local AWS has started on this machine, and how it ended."""
        return compute.evidence(self.endpoint, **filters)

    def client(self, service: str) -> Any:
        """A plain AWS client, pointed at the emulator."""
        return clients.client(service, self.endpoint)


def hostile_home(folder: Path) -> Path:
    """A home folder in which each file would break or bend what reads it."""
    models = folder / ".aws" / "models" / "sts" / "2011-06-15"
    models.mkdir(parents=True)
    (models / "service-2.json").write_text("{", encoding="utf-8")
    for name in (".aws/config", ".aws/credentials"):
        (folder / name).write_text("[default\nuse_fips_endpoint = true\n", encoding="utf-8")
    (folder / ".terraformrc").write_text("provider_installation {", encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Running:
    """A command at work."""

    checkout: Checkout
    process: subprocess.Popen[bytes]
    log: Path
    before: frozenset[Path]

    def wait_for(self, step: str, text: str, seconds: float = 300) -> None:
        """Wait until this run's journal contains a text."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(event["step"] == step and text in event.get("message", "") for event in self.events(text)):
                return
            assert self.process.poll() is None, f"ended before `{text}` of {step}:\n{self.said()[-4000:]}"
            time.sleep(0.05)
        raise AssertionError(f"no `{text}` of {step} within {seconds} s:\n{self.said()[-4000:]}")

    def interrupt_at(self, step: str, text: str) -> None:
        """Send what Ctrl-C sends as soon as the journal contains a text; return at once."""

        def wait() -> None:
            self.wait_for(step, text)
            self.process.send_signal(signal.SIGINT)

        threading.Thread(target=wait, daemon=True).start()

    def wait_for_words(self, text: str, seconds: float = 30) -> None:
        """Until it says this."""
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert time.monotonic() < deadline, f"no `{text}` within {seconds} s:\n{self.said()[-4000:]}"
            time.sleep(0.05)

    def events(self, text: str = "") -> list[dict[str, Any]]:
        """Return the journal's events with this text; only their lines are parsed, as there are thousands."""
        fresh = [path / "events.jsonl" for path in self.checkout.runs() if path not in self.before]
        lines = [line for path in fresh if path.is_file() for line in path.read_text().splitlines(keepends=True)]
        written = json.dumps(text).strip('"')
        # The last line may be half written.
        return [json.loads(line) for line in lines if written in line and line.endswith("\n")]

    def end(self, seconds: float = 300) -> int:
        """Exit code."""
        return self.process.wait(seconds)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def failed(done: subprocess.CompletedProcess[str], code: int) -> str:
    """What a command said that had to fail with this exit code."""
    output = done.stdout + done.stderr
    assert done.returncode == code, output[-4000:]
    assert "Traceback" not in output
    return output


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copy(folder: Path, *, kinds: Collection[str] = ALL_KINDS) -> Checkout:
    """Copy every file that git knows or would take, and link what set-up made.

    Of the local blueprints those of these kinds only: each takes seconds of every deployment.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = REPO / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    for file in (folder / "terraform/envs/local/blueprints").glob("*.yaml"):
        if yaml.safe_load(file.read_text(encoding="utf-8"))["kind"] not in kinds:
            file.unlink()
    for name in LINKED:
        (folder / name).symlink_to(REPO / name)
    return Checkout(folder, free_port())
