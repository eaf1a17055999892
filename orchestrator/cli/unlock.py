"""`orchestrator unlock ENV [STACK]`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.recovery.locks import Lock
    from orchestrator.session.target import Target


@click.command("unlock")
@options.environment
@click.argument("stack", required=False)
@click.option("--force", is_flag=True, help="Also release locks whose holder cannot be proven dead.")
@options.yes
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, stack: str | None, force: bool, yes: bool, as_json: bool) -> None:
    """Show the locks of ENV's states (or of one STACK's) and release those whose holder is dead.

    A lock held by a live process of this machine is never released: end that process first. A lock whose holder cannot
    be verified from here (another machine, a deleted checkout) is kept, unless `--force` is passed.
    """
    from orchestrator.recovery import locks

    app: App = ctx.obj
    environment, graph = app.load(env)
    tools = app.tools(environment)
    if environment.is_local and tools.emulator.status() is None:
        app.console.say("the local AWS is not running, so there are no states")
        return
    target = app.target(tools)
    held = locks.held(target.store, app.repo, env, target.endpoint)
    if stack is not None:
        held = [each for each in held if each.stack == stack]
        if not held:
            graph.stack(stack)  # an unknown name is an error, not an unlocked state
    if not as_json:
        _show(app, held, f"the state of `{stack}` is not locked" if stack else f"no state of `{env}` is locked")
    freed = [each for each in held if each.life == "dead" and _free(app, target, each)]
    unknown = [each for each in held if each.life == "unknown"]
    if unknown and force:
        _ask(app, env, unknown, yes=yes)
        freed += [each for each in unknown if _free(app, target, each)]
    now = dt.datetime.now(dt.UTC)
    if as_json:
        shown = [{**each.to_json(now), "freed": each in freed} for each in held]
        app.console.json({"env": env, "locks": shown})
    _refuse(env, [each for each in held if each.life == "alive"], [] if force else unknown)


def _show(app: App, held: Sequence[Lock], none: str) -> None:
    if not held:
        app.console.say(none)
        return
    now = dt.datetime.now(dt.UTC)
    rows = [(each.stack, each.who, each.since, _age(each.age(now)), each.operation, each.holder) for each in held]
    app.console.table("Locks", ("stack", "held by", "since", "age#", "operation", "holder"), rows)


def _free(app: App, target: Target, lock: Lock) -> bool:
    """Release a lock, unless it has been released or taken by another process meanwhile."""
    done = target.store.remove_lock(lock.stored)
    words = "released" if done else "skipped: already released, or taken by another process"
    app.console.say(f"lock of `{lock.stack}`: {words}")
    return done


def _ask(app: App, env: str, unknown: Sequence[Lock], *, yes: bool) -> None:
    from orchestrator.errors import ApprovalRequired

    names = ", ".join(f"`{each.stack}`" for each in unknown)
    app.console.say(
        f"warning: if a terraform process still works on {names} elsewhere, two processes will write one state, "
        "and one of them loses its changes"
    )
    if not yes and not app.console.confirm(f"Release the locks of {names} anyway?"):
        hint = f"answer the prompt, or run `orchestrator unlock {env} --force --yes`"
        raise ApprovalRequired(f"releasing locks of `{env}` whose holder may be alive requires confirmation", hint=hint)


def _refuse(env: str, alive: Sequence[Lock], unknown: Sequence[Lock]) -> None:
    from orchestrator.errors import StateLocked
    from orchestrator.recovery.locks import describe

    kept = "; ".join(f"`{each.stack}` stays locked by {describe(each)}" for each in (*alive, *unknown))
    if alive:
        pids = " ".join(str(each.pid) for each in alive)
        raise StateLocked(
            kept, hint=f"wait for it, or run `kill -INT {pids}`: terraform then stops and releases its lock"
        )
    if unknown:
        raise StateLocked(kept, hint=f"if it is certainly dead, run `orchestrator unlock {env} --force`")


def _age(age: dt.timedelta) -> str:
    minutes, seconds = divmod(int(age.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
