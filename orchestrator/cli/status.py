"""`orchestrator status ENV`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.graph import Graph
    from orchestrator.tools.interfaces import StateStore


@click.command("status")
@options.environment
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, as_json: bool) -> None:
    """Per stack of ENV: serial and size of its state, who holds a lock; and how the last run ended."""
    from orchestrator import runs

    app: App = ctx.obj
    environment, graph = app.load(env)
    tools = app.tools(environment)
    last = runs.latest(app.repo, env)
    if environment.is_local and tools.emulator.status() is None:
        where, stacks = "the local AWS is not running, so nothing is deployed in it", []
    else:
        target = app.target(tools)
        where = f"account {target.account_id}, {environment.platform.region}"
        where += f", {target.endpoint}" if target.endpoint else ""
        stacks = _stacks(target.store, graph)
    last_run = (
        last.model_dump(mode="json", include={"run_id", "command", "status", "exit_code", "started_at"})
        if last
        else None
    )
    if as_json:
        app.console.json({"env": env, "where": where, "stacks": stacks, "last_run": last_run})
        return
    app.console.line(f"{env}: {where}")
    rows = [(each["name"], str(each["serial"] or "-"), str(each["resources"]), _lock(each["lock"])) for each in stacks]
    if rows:
        app.console.table("Stacks", ("stack", "serial#", "resources#", "lock"), rows)
    if last_run:
        app.console.line(f"Last run: {last_run['command']} {last_run['status']} at {last_run['started_at']}")
    else:
        app.console.line("Last run: none")


def _stacks(store: StateStore, graph: Graph) -> list[dict[str, Any]]:
    found = []
    for stack in graph.stacks:
        state = store.read(stack.name)
        found.append(
            {
                "name": stack.name,
                "serial": state.serial if state else None,
                "resources": len(state.resources) if state else 0,
                "lock": store.lock_info(stack.name),
            }
        )
    return found


def _lock(info: dict[str, Any] | None) -> str:
    if not info:
        return ""
    who, since, what, number = (info.get(key, "?") for key in ("Who", "Created", "Operation", "ID"))
    return f"{who} since {since}, {what}, id {number}"
