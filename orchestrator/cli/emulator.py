"""`orchestrator emulator up|down|status|env|logs [ENV]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.local_aws.model import EmulatorInfo, EmulatorProcess


NOT_RUNNING = "the local AWS of `{}` is not running"


@click.group("emulator")
def command() -> None:
    """Start, stop and inspect the local AWS of an environment. It keeps running after the command has ended.

    Each environment with `target: local` has its own local AWS. ENV may be omitted if there is only one.
    """


def _chosen(app: App, env: str | None) -> str:
    """Choose an environment: one with `target: local`, or one whose local AWS still runs."""
    from orchestrator.config import neighbours
    from orchestrator.errors import ConfigError
    from orchestrator.execution.wiring import with_emulator

    local = neighbours.local_environments(app.repo)
    known = sorted({*local, *with_emulator(app.repo)})
    listed = ", ".join(known) or "none"
    if env is None and len(known) == 1:
        return known[0]
    if env is None and known:
        raise ConfigError(
            f"ENV is required if there are several local environments: {listed}",
            hint=f"for example `orchestrator emulator status {known[0]}`",
        )
    if env is None or env not in known:
        what = "there is no environment" if env is None else f"`{env}` is not an environment"
        raise ConfigError(
            f"{what} with a local AWS; environments with `target: local` in terraform/envs: {listed}",
            hint="set `target: local` in platform.yaml to make an environment local",
        )
    return env


def _emulator(app: App, env: str) -> EmulatorProcess:
    from orchestrator.execution.wiring import local_emulator

    return local_emulator(app.repo, env)


def _show(app: App, env: str, info: EmulatorInfo | None, as_json: bool, lost: str = "") -> None:
    if as_json:
        app.console.json(_data(env, info, lost))
    elif info is None:
        app.console.line(NOT_RUNNING.format(env))
        if lost:
            app.console.line(lost)
    else:
        if info.lost:
            app.console.line(info.lost)
        app.console.line(
            f"the local AWS of `{env}` runs at {info.endpoint} (pid {info.pid}, account {info.account_id})"
        )
        app.console.line(f'for a shell: eval "$(orchestrator emulator env {env})"')
        app.console.line(f"log: {info.log}")
        if info.iam == "off":
            app.console.line("IAM is off: policies are not enforced, every role may do everything")


def _data(env: str, info: EmulatorInfo | None, lost: str) -> dict[str, Any]:
    if info is None:
        return {"environment": env, "running": False, "lost": lost}
    # The key is left out: only `emulator env` prints it.
    shown = ("pid", "endpoint", "account_id", "log", "started_at", "iam", "lost")
    return {"environment": env, "running": True, **{name: getattr(info, name) for name in shown}}


@command.command("up")
@options.local_environment
@options.as_json
@click.pass_context
def up(ctx: click.Context, env: str | None, as_json: bool) -> None:
    """Start the local AWS, if it is not running yet."""
    from orchestrator.config import load
    from orchestrator.errors import ConfigError
    from orchestrator.execution.wiring import local_emulator

    app: App = ctx.obj
    environment = load(app.repo, _chosen(app, env))
    if not environment.is_local:
        raise ConfigError(
            f"`{environment.name}` has `target: aws` and no local AWS",
            hint=f"`orchestrator emulator down {environment.name}` stops the one that it had as a local environment",
        )
    emulator = local_emulator(app.repo, environment.name, environment.platform.local.port)
    _show(app, environment.name, emulator.up(), as_json)


@command.command("down")
@options.local_environment
@options.as_json
@click.pass_context
def down(ctx: click.Context, env: str | None, as_json: bool) -> None:
    """Stop the local AWS and its warm providers; everything deployed in it is lost."""
    from orchestrator.execution.wiring import earlier_emulator
    from orchestrator.terraform.warm_provider.client import stop_below

    app: App = ctx.obj
    if env is None and earlier_emulator(app.repo).down():
        stopped, env = True, ""
    else:
        env = _chosen(app, env)
        stopped = _emulator(app, env).down()
        stop_below(app.repo, app.repo / "build" / env)
    if as_json:
        app.console.json({"environment": env, "stopped": stopped})
    elif not env:
        app.console.line("stopped the local AWS that an earlier version had started")
    else:
        app.console.line("stopped" if stopped else NOT_RUNNING.format(env).replace(" is not ", " was not "))


@command.command("status")
@options.local_environment
@options.as_json
@click.pass_context
def status(ctx: click.Context, env: str | None, as_json: bool) -> None:
    """Show whether the local AWS runs, and at which address."""
    env = _chosen(ctx.obj, env)
    emulator = _emulator(ctx.obj, env)
    info = emulator.status()
    _show(ctx.obj, env, info, as_json, emulator.lost() if info is None else "")


@command.command("env")
@options.local_environment
@click.pass_context
def env_(ctx: click.Context, env: str | None) -> None:
    """Print shell variables that point AWS clients at the local AWS: eval "$(orchestrator emulator env)".

    They include the administrator's key, which changes with every start.
    """
    import shlex

    from orchestrator.core.environment import shell_variables
    from orchestrator.errors import EmulatorError

    app: App = ctx.obj
    env = _chosen(app, env)
    emulator = _emulator(app, env)
    info = emulator.status()
    if info is None:
        raise EmulatorError(
            emulator.lost() or NOT_RUNNING.format(env), hint=f"`orchestrator emulator up {env}` starts it"
        )
    exported, unset = shell_variables(info.access)
    lines = [f"unset {' '.join(unset)}", *(f"export {name}={shlex.quote(value)}" for name, value in exported.items())]
    app.console.data("".join(f"{line}\n" for line in lines))


@command.command("logs")
@options.local_environment
@click.option("--lines", default=100, show_default=True, type=click.IntRange(min=1), help="Lines from the end.")
@click.pass_context
def logs(ctx: click.Context, env: str | None, lines: int) -> None:
    """Print the end of its log."""
    app: App = ctx.obj
    app.console.data(_emulator(app, _chosen(app, env)).logs(lines))
