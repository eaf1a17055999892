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
    from orchestrator.session.session import Target


@click.command("unlock")
@options.environment
@click.argument("stack", required=False)
@click.option("--force", is_flag=True, help="Free a lock as well of which nobody can prove that its holder is dead.")
@options.yes
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, stack: str | None, force: bool, yes: bool, as_json: bool) -> None:
    """Show who holds locks of ENV's states (or of one STACK's), and free those whose holder is dead.

    A lock that a living process of this machine holds is never freed: end that process first. Where it cannot be known
    from here (another machine, a checkout that is gone) the lock stays, unless `--force` says that its holder is gone.
    """
    from orchestrator.recovery import locks

    app: App = ctx.obj
    environment, graph = app.load(env)
    tools = app.tools(environment)
    if environment.is_local and tools.emulator.status() is None:
        app.console.say("the local AWS is not running, so no state is there to be locked")
        return
    target = app.target(tools)
    found = locks.held(target.store, app.repo, env, target.endpoint)
    if stack is not None:
        found = [each for each in found if each.stack == stack]
        if not found:
            graph.stack(stack)  # a name that is wrong is not answered with "not locked"
    if not as_json:
        _show(app, found, f"the state of `{stack}` is not locked" if stack else f"no state of `{env}` is locked")
    freed = [each for each in found if each.life == "dead" and _free(app, target, each)]
    unknown = [each for each in found if each.life == "unknown"]
    if unknown and force:
        _ask(app, env, unknown, yes=yes)
        freed += [each for each in unknown if _free(app, target, each)]
    now = dt.datetime.now(dt.UTC)
    if as_json:
        shown = [{**each.to_json(now), "freed": each in freed} for each in found]
        app.console.json({"env": env, "locks": shown})
    _refuse(env, [each for each in found if each.life == "alive"], [] if force else unknown)


def _show(app: App, found: Sequence[Lock], none: str) -> None:
    if not found:
        app.console.say(none)
        return
    now = dt.datetime.now(dt.UTC)
    rows = [(each.stack, each.who, each.since, _age(each.age(now)), each.operation, each.holder) for each in found]
    app.console.table("Locks", ("stack", "held by", "since", "age#", "operation", "holder"), rows)


def _free(app: App, target: Target, lock: Lock) -> bool:
    """What somebody else has freed or taken meanwhile is left alone."""
    done = target.store.remove_lock(lock.stored)
    words = "freed" if done else "it is gone, or another one, by now: nothing was done"
    app.console.say(f"lock of `{lock.stack}`: {words}")
    return done


def _ask(app: App, env: str, unknown: Sequence[Lock], *, yes: bool) -> None:
    from orchestrator.errors import ApprovalRequired

    names = ", ".join(f"`{each.stack}`" for each in unknown)
    app.console.say(
        f"warning: if a terraform somewhere still works on {names}, two will write one state, "
        "and one of them loses what it did"
    )
    if not yes and not app.console.confirm(f"Free the locks of {names} all the same?"):
        hint = f"answer the question, or `orchestrator unlock {env} --force --yes`"
        raise ApprovalRequired(f"freeing locks of `{env}` whose holder may live needs a yes", hint=hint)


def _refuse(env: str, alive: Sequence[Lock], unknown: Sequence[Lock]) -> None:
    from orchestrator.errors import StateLocked
    from orchestrator.recovery.locks import words

    kept = "; ".join(f"`{each.stack}` stays locked by {words(each)}" for each in (*alive, *unknown))
    if alive:
        pids = " ".join(str(each.pid) for each in alive)
        raise StateLocked(kept, hint=f"wait for it, or `kill -INT {pids}`: terraform then stops and frees its lock")
    if unknown:
        raise StateLocked(kept, hint=f"if it is certainly gone, `orchestrator unlock {env} --force` frees it")


def _age(age: dt.timedelta) -> str:
    minutes, seconds = divmod(int(age.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
