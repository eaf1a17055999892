"""The folder that a run leaves behind: `.runs/<env>/<run id>/`.

    run.json       which command it is, and which process; written before anything else
    plan.json      the steps, as planned
    events.jsonl   everything that happened, one object per line
    logs/<step>.log  the output of terraform and the other tools
    tools/         every terraform command, written down before it starts (`terraform.record`)
    result.json    the published contract (`orchestrator schema result`)
    report.html    the same for people, on one page with a timeline
    junit.xml      the same for CI

`.runs/<env>/latest` points to the newest run. A run with `run.json` and without `result.json` is unfinished: it is
running, was killed, or has left a terraform that is running or was killed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import fcntl
import json
import os
import secrets
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.core.types import Json
from orchestrator.errors import PlatformError, StateLocked
from orchestrator.planning.steps import Plan
from orchestrator.runs import html
from orchestrator.runs.result import ErrorResult, Result, StackResult
from orchestrator.system import identity, own_files, text_files, trouble

RUNS = Path(".runs")
_LARGEST_RESULT = 64 * 1024 * 1024


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def timestamp(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RunFolder:
    """One run on disk. Safe to write to from several threads."""

    def __init__(self, path: Path, started: dt.datetime) -> None:
        self.path = path
        self.started = started
        self._lock = threading.Lock()

    @property
    def run_id(self) -> str:
        return self.path.name

    @classmethod
    def create(cls, repo: Path, environment: str, command: str = "", arguments: Sequence[str] = ()) -> RunFolder:
        """Create the folder of a run: the `command` of its plan, and the command-line `arguments` that repeat it."""
        started = now()
        run_id = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        path = repo / RUNS / environment / run_id
        path.mkdir(parents=True)
        document = {
            "run_id": run_id,
            "environment": environment,
            "command": command,
            "arguments": list(arguments),
            "process": dataclasses.asdict(identity.own()),
        }
        own_files.write(path / "run.json", document)
        (path / "logs").mkdir()
        _point(path.parent / "latest", run_id)
        return cls(path, started)

    def log_file(self, step: str) -> Path:
        return self.path / "logs" / f"{step.replace(' ', '-')}.log"

    def event(self, event: Json) -> None:
        """Append one event; it is on disk when this returns, so a killed run can be read."""
        line = json.dumps({"at": timestamp(now()), **event}, default=str) + "\n"
        self._append(self.path / "events.jsonl", line)

    def events(self) -> list[Json]:
        """Return all events so far, except lines that a full disk has cut short."""
        file = self.path / "events.jsonl"
        lines = file.read_bytes().split(b"\n") if file.is_file() else []
        events = []
        for line in lines:
            with suppress(ValueError):
                events.append(json.loads(line))
        return [event for event in events if isinstance(event, dict)]

    def log(self, step: str, text: str) -> None:
        self._append(self.log_file(step), text.rstrip("\n") + "\n")

    def _append(self, path: Path, text: str) -> None:
        with self._lock, trouble.writing(path), path.open("a", encoding="utf-8") as file:
            file.write(text)

    def write_plan(self, plan: Plan) -> None:
        document = {
            "environment": plan.environment,
            "command": plan.command,
            "steps": [{"kind": type(step).__name__, **dataclasses.asdict(step)} for step in plan.steps],
        }
        _write(self.path / "plan.json", json.dumps(document, indent=2) + "\n")

    def write_result(self, result: Result, *, finished: bool = True) -> None:
        """Write the reports, and `result.json` unless another command has to continue the run."""
        _write(self.path / "junit.xml", junit(result))
        _write(self.path / "report.html", html.render(result, self.events()))
        if finished:
            _write(self.path / "result.json", json.dumps(result.to_json(), indent=2) + "\n")


def keep(folder: RunFolder, result: Result, *, finished: bool = True) -> Result:
    """Write the result. A failure to write is added to the returned result, but never replaces an earlier error."""
    try:
        folder.write_result(result, finished=finished)
    except OSError as error:
        known = trouble.from_exception(error)
        if known is None:
            raise
        warnings = [*result.warnings, f"this result is not in the run folder: {known.message}"]
        if result.exit_code:
            return result.model_copy(update={"warnings": warnings})
        failure = ErrorResult(type=type(known).__name__, message=known.message, hint=known.hint)
        changes = {"status": "failed", "exit_code": known.exit_code, "error": failure, "warnings": warnings}
        return result.model_copy(update=changes)
    return result


@contextmanager
def alone(repo: Path, environment: str) -> Iterator[None]:
    """Lock an environment in this checkout: two runs would write into the same `build/<env>/`.

    The lock belongs to the process and is released when it ends, however it ends; the file stays.

    Raises:
        StateLocked: another run holds the lock; the message names its process and start.
    """
    file = repo / RUNS / f"{environment}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StateLocked(
                f"another run of `{environment}` is at work in this checkout ({lock.read() or 'just started'})",
                hint="wait until it has ended, or interrupt it; a clone of the repository could run beside it",
            ) from None
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}, since {timestamp(now())}")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def latest(repo: Path, environment: str) -> Result | None:
    """Return the result of the newest run that ended.

    Raises:
        PlatformError: its file cannot be read as a result.
    """
    for path in sorted((repo / RUNS / environment).glob("*/result.json"), reverse=True):
        if not path.parent.is_symlink():
            try:
                return Result.model_validate_json(text_files.read(path, _LARGEST_RESULT))
            except (text_files.Refused, ValidationError) as error:
                why = error.rule if isinstance(error, text_files.Refused) else "is not a complete result"
                raise PlatformError(f"{path.relative_to(repo)}: {why}", hint=f"remove {path.parent.name}") from error
    return None


def junit(result: Result) -> str:
    """Render stacks, pipeline steps and smoke probes as JUnit suites."""
    root = ET.Element("testsuites", name=f"{result.command} {result.env}", time=f"{result.seconds:.3f}")
    _suite(root, "stacks", [_stack_case(stack) for stack in result.stacks])
    for title, pipeline in result.pipelines.items():
        cases = [
            _Case(step.name, step.seconds, step.status == "failed", step.status == "not-run", step.detail)
            for step in pipeline.steps
        ]
        _suite(root, title, cases)
    probes = [
        _Case(
            f"{probe.blueprint}: {probe.probe}",
            probe.latency_ms / 1000,
            probe.status == "failed",
            probe.status == "skipped",
            probe.detail,
        )
        for probe in result.smoke
    ]
    _suite(root, "smoke", probes)
    if result.error:
        where = result.error.step or result.command
        case = _Case(where, 0.0, True, False, f"{result.error.type}: {result.error.message}")
        _suite(root, "run", [case])
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


@dataclasses.dataclass(frozen=True)
class _Case:
    name: str
    seconds: float
    failed: bool
    skipped: bool
    detail: str


def _stack_case(stack: StackResult) -> _Case:
    return _Case(stack.name, stack.seconds, stack.action == "failed", stack.action == "skipped", stack.reason)


def _suite(root: ET.Element, name: str, cases: list[_Case]) -> None:
    if not cases:
        return
    counts = {"failures": sum(c.failed for c in cases), "skipped": sum(c.skipped for c in cases)}
    attributes: dict[str, Any] = {"name": name, "tests": len(cases), **counts}
    suite = ET.SubElement(root, "testsuite", {key: str(value) for key, value in attributes.items()})
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=name, name=case.name, time=f"{max(case.seconds, 0):.3f}")
        if case.failed:
            ET.SubElement(element, "failure", message=_printable(case.detail))
        elif case.skipped:
            ET.SubElement(element, "skipped", message=_printable(case.detail))


def _printable(text: str) -> str:
    """XML 1.0 cannot hold control characters, and terraform's messages may have some."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)


def _point(link: Path, target: str) -> None:
    """Replace the link atomically, so that it always exists for readers."""
    fresh = link.with_name(f".latest-{secrets.token_hex(4)}")
    fresh.symlink_to(target)
    os.replace(fresh, link)


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(path.suffix + ".part")
    with trouble.writing(path):
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
