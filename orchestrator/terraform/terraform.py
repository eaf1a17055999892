"""Run Terraform commands and relay their events.

python-terraform builds the command lines (options, variable files, no shell). Its process handling is not used: on
today's Terraform it sends options that no longer exist, merges the streams, never raises on failure and turns any
misspelt attribute into a command. Processes are run by `system.process`; Terraform's output is JSON events (`-json`),
one per line.

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
"""After that, no second signal is sent: it would make terraform abandon its work, state included."""
OLDEST, TOO_NEW = (1, 11), (2, 0)


class Terraform:
    """Run the terraform binary; stateless, so one object serves many stacks in parallel.

    Args:
        binary: the program; by default `.tools/bin/terraform` of the repository, else the one on PATH.
    """

    def __init__(self, binary: str | Path | None = None) -> None:
        self._requested = binary

    def version(self) -> str:
        """Return the binary's version, e.g. `1.11.4`. Raises `SetupError` when it is missing or not supported."""
        return self._version

    def init(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> None:
        if terraform_init.is_current(ws, self._binary):
            on_event({"type": "log", "@message": "init: its inputs are unchanged"})
            return
        self.version()
        terraform_init.forget(ws)
        # -reconfigure: only the environment files decide which bucket to use. Without it, terraform would offer to
        # migrate the state if an earlier init recorded another bucket in the data directory.
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
                f"the plan of `{ws.stack}` is a preview with example values and cannot be applied",
                hint=f"Run `orchestrator deploy {ws.environment}`, which plans with real values.",
            )
        counts: list[Json] = []
        unsaved: list[Json] = []

        def listen(event: Json) -> None:
            if event.get("type") == "change_summary" and event["changes"].get("operation") != "plan":
                counts.append(event["changes"])
            elif errored.is_reported(event):
                unsaved.append(event)
            on_event(event)

        # No variable file: the saved plan holds the values, and terraform accepts no others.
        try:
            self._stream(ws, "apply", str(ws.plan_file), on_event=listen, cancel=cancel, lock_timeout=_LOCK_TIMEOUT)
        except PlatformError as error:
            if unsaved:
                error.hint = errored.store_at_once(self, ws, on_event)
            raise
        finally:
            # Applied or not, it is stale now, and it holds values of the state, including removed ones.
            ws.plan_file.unlink(missing_ok=True)
        if not counts:
            raise TerraformError(f"terraform applied `{ws.stack}` without reporting its changes")
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
        """Run a command with `-json` and pass each event to `on_event` as it arrives."""
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
        if self._requested is not None:
            binary = shutil.which(str(self._requested))
            name = f"`{self._requested}`"
        else:
            own = _REPO / ".tools" / "bin" / "terraform"
            binary = str(own) if os.access(own, os.X_OK) else shutil.which("terraform")
            name = "`terraform` (neither in `.tools/bin` nor on PATH)"
        if binary is None:
            raise SetupError(f"{name} is missing", hint="Run `make setup`, which installs it.")
        return binary

    @cached_property
    def _version(self) -> str:
        environment = base_env() | {"CHECKPOINT_DISABLE": "1"}
        try:
            done = process.run([self._binary, "version", "-json"], env=environment, timeout=60)
            version = str(json.loads(done.stdout)["terraform_version"])
            parts = tuple(int(part) for part in version.partition("-")[0].split(".")[:2])
        except (process.CommandFailed, ValueError, KeyError, TypeError) as error:
            raise SetupError(
                f"{self._binary} does not report a version as terraform does: {clipped(str(error))}",
                hint="Run `make setup`, which installs a pinned version into `.tools/bin`.",
            ) from error
        if not OLDEST <= parts < TOO_NEW:
            raise SetupError(
                f"terraform {version} at {self._binary} is not supported: it must be >= 1.11 and < 2",
                hint="Run `make setup`, which installs a pinned version into `.tools/bin`.",
            )
        return version


class _CommandLine(python_terraform.Terraform):  # type: ignore[misc]  # the package has no types
    """Build argument lists and variable files, the parts of python-terraform that still work."""

    def __init__(self, binary: str, root: Path) -> None:
        super().__init__(working_dir=str(root), terraform_bin_path=binary)

    def __enter__(self) -> _CommandLine:
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Raise: the package would run any unknown attribute as a terraform command."""
        raise AttributeError(name)

    def read_state_file(self, file_path: str | None = None) -> None:
        """Do nothing: the package would parse a state file in the working folder."""


def _run(
    ws: Workspace,
    command: str,
    argv: Sequence[str],
    *,
    ok: Collection[int] = (0,),
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event,
) -> process.Completed:
    """Run a command, recorded beforehand, so that a later run can resume it if this one dies first."""
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
        recording.end(record, done.exit_code, succeeded=done.exit_code in ok and not done.cancelled)
    return done


def _on_disk(ws: Workspace) -> Workspace:
    """Return the workspace to run in: the stack's own root, or for a preview a copy of it with a local state."""
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
    """Parse one line of `-json` output; the notice of an interrupt is plain text between the events."""
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
            address=resource["address"],
            type=resource["type"],
            actions=tuple(resource["change"]["actions"]),
            reason=resource.get("action_reason"),
        )
        for resource in document.get("resource_changes", ())
        if resource["change"]["actions"] not in (["no-op"], ["read"])
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
    yield from (resource for resource in module.get("resources", ()) if resource.get("mode") == "managed")
    for child in module.get("child_modules", ()):
        yield from _managed(child)
