"""`orchestrator emulator up|down|status|env|logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.tools.interfaces import EmulatorInfo, EmulatorProcess


@click.group("emulator")
def command() -> None:
    """The local AWS. It outlives this command and is found again by the next one."""


def _emulator(ctx: click.Context) -> EmulatorProcess:
    from orchestrator.context import local_emulator

    return local_emulator(ctx.obj.repo)


def _show(app: App, info: EmulatorInfo | None, as_json: bool, lost: str = "") -> None:
    if as_json:
        app.console.json(_data(info, lost))
    elif info is None:
        app.console.line("the local AWS is not running")
        if lost:
            app.console.line(lost)
    else:
        if info.lost:
            app.console.line(info.lost)
        app.console.line(f"the local AWS runs at {info.endpoint} (pid {info.pid}, account {info.account_id})")
        app.console.line('for a shell: eval "$(orchestrator emulator env)"')
        app.console.line(f"log: {info.log}")
        if info.iam == "off":
            app.console.line("IAM is off: every role may do everything, whatever its policies say")


def _data(info: EmulatorInfo | None, lost: str) -> dict[str, Any]:
    if info is None:
        return {"running": False, "lost": lost}
    # Not the key: what prints it says so by its name, `emulator env`.
    shown = ("pid", "endpoint", "account_id", "log", "started_at", "iam", "lost")
    return {"running": True, **{name: getattr(info, name) for name in shown}}


@command.command("up")
@options.as_json
@click.pass_context
def up(ctx: click.Context, as_json: bool) -> None:
    """Start it, or find the running one."""
    _show(ctx.obj, _emulator(ctx).up(), as_json)


@command.command("down")
@options.as_json
@click.pass_context
def down(ctx: click.Context, as_json: bool) -> None:
    """Stop it, and the providers that were kept warm for it; everything in it is gone."""
    from orchestrator.warm.client import stop_all

    app: App = ctx.obj
    stopped = _emulator(ctx).down()
    stop_all(app.repo)
    if as_json:
        app.console.json({"stopped": stopped})
    else:
        app.console.line("stopped" if stopped else "the local AWS was not running")


@command.command("status")
@options.as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Whether it runs, and where."""
    emulator = _emulator(ctx)
    info = emulator.status()
    _show(ctx.obj, info, as_json, emulator.lost() if info is None else "")


@command.command("env")
@click.pass_context
def env(ctx: click.Context) -> None:
    """Print the lines that point a shell's AWS clients at it.

    They hold the administrator's key of its present start: eval "$(orchestrator emulator env)".
    """
    import shlex

    from orchestrator.errors import EmulatorError
    from orchestrator.tools.environment import shell_variables

    app: App = ctx.obj
    emulator = _emulator(ctx)
    info = emulator.status()
    if info is None:
        raise EmulatorError(
            emulator.lost() or "the local AWS is not running", hint="`orchestrator emulator up` starts it"
        )
    exported, unset = shell_variables(info.access)
    lines = [f"unset {' '.join(unset)}", *(f"export {name}={shlex.quote(value)}" for name, value in exported.items())]
    app.console.data("".join(f"{line}\n" for line in lines))


@command.command("logs")
@click.option("--lines", default=100, show_default=True, type=click.IntRange(min=1), help="How many, from the end.")
@click.pass_context
def logs(ctx: click.Context, lines: int) -> None:
    """The end of its log."""
    app: App = ctx.obj
    app.console.data(_emulator(ctx).logs(lines))
