"""Terraform, as a program that is told what to do and listened to while it works.

python-terraform builds the command lines (options, variable files, no shell). Its own process handling is
not used: on today's Terraform it sends options that no longer exist, merges the streams, never raises on
failure and turns any misspelt attribute into a command. Processes are run by `tools.process`, and what
Terraform says comes as JSON events (`-json`), one per line.

A plan is always saved, read once with `terraform show -json`, and only that saved plan is ever applied.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import python_terraform

from orchestrator.core.environment import base_env
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError, SetupError, TerraformError
from orchestrator.system import process
from orchestrator.system.text_files import clipped
from orchestrator.terraform import errored, recording
from orchestrator.terraform import init as terraform_init
from orchestrator.terraform.messages import failure
from orchestrator.terraform.model import ApplySummary, Change, PlanSummary, Workspace
from orchestrator.terraform.preview import preview_root

_REPO = Path(__file__).resolve().parents[2]
_FLAG = python_terraform.IsFlagged
_LOCK_TIMEOUT = "5s"
_INTERRUPT_GRACE_SECONDS = 180.0
"""Then it is left alone: any second signal makes terraform drop what it is at, state included."""
OLDEST, TOO_NEW = (1, 11), (2, 0)


class Terraform:
    """Runs the terraform binary; stateless, so one object serves many stacks at the same time.

    Args:
        binary: the program; by default `.tools/bin/terraform` of the repository, else the one on PATH.
    """

    def __init__(self, binary: str | Path | None = None) -> None:
        self._wanted = binary

    def version(self) -> str:
        """Version of the binary, e.g. `1.11.4`. Raises `SetupError` when it is missing or unsuitable."""
        return self._version

    def init(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> None:
        if terraform_init.is_current(ws, self._binary):
            on_event({"type": "log", "@message": "init: its inputs are unchanged"})
            return
        self.version()
        terraform_init.forget(ws)
        # -reconfigure: which bucket to use is said by the environment files alone; what an earlier init
        # remembered in the data directory is no reason to ask a person about migrating a state.
        options: Json = {"reconfigure": _FLAG, "lockfile": "readonly"}
        if ws.backend_file is not None:
            options["backend_config"] = str(ws.backend_file)
        self._stream(_on_disk(ws), "init", on_event=on_event, cancel=cancel, **options)
        terraform_init.record(ws, self._binary)

    def plan(
        self,
        ws: Workspace,
        *,
        destroy: bool = False,
        refresh: bool = True,
        targets: Sequence[str] = (),
        on_event: EventSink,
        cancel: threading.Event,
    ) -> PlanSummary:
        ws = _on_disk(ws)
        ws.plan_file.parent.mkdir(parents=True, exist_ok=True)
        options: Json = {
            "out": str(ws.plan_file),
            "var_file": str(ws.values_file),
            "detailed_exitcode": _FLAG,
            "lock_timeout": _LOCK_TIMEOUT,
        }
        if destroy:
            options["destroy"] = _FLAG
        if not refresh:
            options["refresh"] = False
        if targets:
            options["target"] = list(targets)
        self._stream(ws, "plan", on_event=on_event, cancel=cancel, ok=(0, 2), **options)
        return self._show(ws, cancel=cancel)

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary:
        ws = _on_disk(ws)
        if ws.backend_file is None:
            raise TerraformError(
                f"the plan of `{ws.stack}` is a preview made from example values and cannot be applied",
                hint=f"`orchestrator deploy {ws.environment}` plans it with real ones.",
            )
        counts: list[Json] = []
        unsaved: list[Json] = []

        def listen(event: Json) -> None:
            if event.get("type") == "change_summary" and event["changes"].get("operation") != "plan":
                counts.append(event["changes"])
            elif errored.tells(event):
                unsaved.append(event)
            on_event(event)

        # No variable file here: the saved plan holds the values, and terraform refuses to be given others.
        try:
            self._stream(ws, "apply", str(ws.plan_file), on_event=listen, cancel=cancel, lock_timeout=_LOCK_TIMEOUT)
        except PlatformError as error:
            if unsaved:
                error.hint = errored.store_at_once(self, ws, on_event)
            raise
        finally:
            # Applied or not, it is stale now; and it holds what the state held, such as values that have left it.
            ws.plan_file.unlink(missing_ok=True)
        if not counts:
            raise TerraformError(f"terraform applied `{ws.stack}` without saying what it changed")
        last = counts[-1]
        return ApplySummary(added=last["add"], changed=last["change"], destroyed=last["remove"])

    def push_state(self, ws: Workspace, file: Path, *, on_event: EventSink, cancel: threading.Event) -> None:
        with _CommandLine(self._binary, ws.root) as line:
            argv = line.generate_cmd_string("state push", str(file), lock_timeout=_LOCK_TIMEOUT, no_color=_FLAG)
            done = _run(_on_disk(ws), "state push", argv, cancel=cancel)
        for text in done.stdout.splitlines():
            on_event({"type": "raw", "@level": "info", "@message": text})
        if done.cancelled or done.exit_code != 0:
            raise failure(ws.stack, "state push", done, [], environment=ws.environment)

    def _show(self, ws: Workspace, *, cancel: threading.Event) -> PlanSummary:
        with _CommandLine(self._binary, ws.root) as line:
            argv = line.generate_cmd_string("show", str(ws.plan_file), json=_FLAG, no_color=_FLAG)
            done = _run(ws, "show", argv, cancel=cancel)
        if done.cancelled or done.exit_code != 0:
            raise failure(ws.stack, "show", done, [], environment=ws.environment)
        return summarise(json.loads(done.stdout))

    def _stream(
        self,
        ws: Workspace,
        command: str,
        *arguments: str,
        on_event: EventSink,
        cancel: threading.Event,
        ok: tuple[int, ...] = (0,),
        **options: Any,
    ) -> None:
        """Run one command with `-json` and hand every event on as it comes."""
        events: list[Json] = []

        def relay(text: str) -> None:
            event = _event(text)
            if event is not None:
                events.append(event)
                on_event(event)

        ws.data_dir.mkdir(parents=True, exist_ok=True)
        with _CommandLine(self._binary, ws.root) as line:
            argv = line.generate_cmd_string(command, *arguments, json=_FLAG, input=False, **options)
            done = _run(ws, command, argv, ok=ok, on_line=relay, cancel=cancel)
        if done.cancelled or done.exit_code not in ok:
            terraform_init.forget(ws)
            raise failure(ws.stack, command, done, events, environment=ws.environment)

    @cached_property
    def _binary(self) -> str:
        if self._wanted is not None:
            found = shutil.which(str(self._wanted))
            sought = f"`{self._wanted}`"
        else:
            own = _REPO / ".tools" / "bin" / "terraform"
            found = str(own) if os.access(own, os.X_OK) else shutil.which("terraform")
            sought = "`terraform` (neither `.tools/bin/terraform` nor on PATH)"
        if found is None:
            raise SetupError(f"{sought} is missing", hint="Run `make setup`, which installs it.")
        return found

    @cached_property
    def _version(self) -> str:
        environment = base_env() | {"CHECKPOINT_DISABLE": "1"}
        try:
            done = process.run([self._binary, "version", "-json"], env=environment, timeout=60)
            version = str(json.loads(done.stdout)["terraform_version"])
            parts = tuple(int(part) for part in version.partition("-")[0].split(".")[:2])
        except (process.CommandFailed, ValueError, KeyError, TypeError) as error:
            raise SetupError(
                f"{self._binary} does not tell its version as terraform does: {clipped(str(error))}",
                hint="Run `make setup`, which installs a pinned version into `.tools/bin`.",
            ) from error
        if not OLDEST <= parts < TOO_NEW:
            raise SetupError(
                f"terraform {version} at {self._binary} is not supported: it must be >= 1.11 and < 2",
                hint="Run `make setup`, which installs a pinned version into `.tools/bin`.",
            )
        return version


class _CommandLine(python_terraform.Terraform):  # type: ignore[misc]  # the package carries no types
    """python-terraform reduced to what still works: building argument lists and variable files."""

    def __init__(self, binary: str, root: Path) -> None:
        super().__init__(working_dir=str(root), terraform_bin_path=binary)

    def __enter__(self) -> _CommandLine:
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The package would take any unknown attribute for a terraform command and run it."""
        raise AttributeError(name)

    def read_state_file(self, file_path: str | None = None) -> None:
        """Nothing: the package would parse a state file lying in the working folder."""


def _run(
    ws: Workspace,
    command: str,
    argv: Sequence[str],
    *,
    ok: Collection[int] = (0,),
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event,
) -> process.Completed:
    """Run one command, written down beforehand, so that it can be taken up by others if we do not see its end."""
    with recording.recorded(ws, command, argv) as record:
        done = process.run(
            argv,
            env=_environment(ws),
            cwd=ws.root,
            on_line=on_line,
            cancel=cancel,
            ok=None,
            interrupt_grace=_INTERRUPT_GRACE_SECONDS,
            outliving=recording.outliving(record),
        )
        recording.end(record, done.exit_code, well=done.exit_code in ok and not done.cancelled)
    return done


def _on_disk(ws: Workspace) -> Workspace:
    """The folder to run in: the stack's own root, or for a preview a twin of it with a local state."""
    if ws.backend_file is not None:
        return ws
    return replace(ws, root=preview_root(ws.root, ws.data_dir))


def _environment(ws: Workspace) -> dict[str, str]:
    return {
        **ws.env,
        "TF_DATA_DIR": str(ws.data_dir),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }


def _event(line: str) -> Json | None:
    """One line of `-json` output. The notice of an interrupt comes as plain text in between."""
    if not line.strip():
        return None
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    return event if isinstance(event, dict) else {"type": "raw", "@level": "info", "@message": line}


def summarise(document: Json) -> PlanSummary:
    """Read `terraform show -json` of a plan file."""
    changes = tuple(
        Change(
            address=found["address"],
            type=found["type"],
            actions=tuple(found["change"]["actions"]),
            reason=found.get("action_reason"),
        )
        for found in document.get("resource_changes", ())
        if found["change"]["actions"] not in (["no-op"], ["read"])
    )
    outputs = tuple(
        name
        for name, change in document.get("output_changes", {}).items()
        if change["actions"] not in (["no-op"], ["read"])
    )
    planned = document.get("planned_values", {}).get("root_module", {})
    return PlanSummary(
        changes=changes,
        outputs_changed=outputs,
        resources_total=sum(1 for _ in _managed(planned)),
        document=document,
    )


def _managed(module: Json) -> Iterator[Json]:
    yield from (found for found in module.get("resources", ()) if found.get("mode") == "managed")
    for child in module.get("child_modules", ()):
        yield from _managed(child)
