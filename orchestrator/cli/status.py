"""`orchestrator status ENV`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.graph import Graph
    from orchestrator.recovery.unfinished import Unfinished
    from orchestrator.session import Target
    from orchestrator.toolbox import Tools


@click.command("status")
@options.environment
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, as_json: bool) -> None:
    """Stacks of ENV with state and lock, what endpoints run, what waits for approval, how the last run ended."""
    from dataclasses import asdict

    from orchestrator import runs
    from orchestrator.errors import PlatformError
    from orchestrator.recovery import unfinished

    app: App = ctx.obj
    environment, graph = app.load(env)
    tools = app.tools(environment)
    try:
        last = runs.latest(app.repo, env)
    except PlatformError as error:
        # What is deployed can be told all the same.
        app.console.say(f"the last run is unknown: {error.message} ({error.hint})")
        last = None
    if environment.is_local and tools.emulator.status() is None:
        where, stacks = tools.emulator.lost() or "the local AWS is not running, so nothing is deployed in it", []
        endpoints: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
    else:
        target = app.target(tools)
        where = f"account {target.account_id}, {environment.platform.region}"
        where += f", {target.endpoint}" if target.endpoint else ""
        stacks, endpoints = _stacks(app, env, target, graph), _endpoints(tools, target, graph)
        pending = [asdict(each) for each in tools.pending_versions(target.cloud)]
    last_run = (
        last.model_dump(mode="json", include={"run_id", "command", "status", "exit_code", "started_at"})
        if last
        else None
    )
    if as_json:
        seen = {"env": env, "where": where, "stacks": stacks, "endpoints": endpoints, "pending": pending}
        left = [_unfinished(each) for each in unfinished.find(app.repo, env)]
        app.console.json({**seen, "last_run": last_run, "unfinished": left})
        return
    app.console.line(f"{env}: {where}")
    rows = [(each["name"], str(each["serial"] or "-"), str(each["resources"]), _lock(each["lock"])) for each in stacks]
    if rows:
        app.console.table("Stacks", ("stack", "serial#", "resources#", "lock"), rows)
    running = [(each["blueprint"], each["running"] or "-", each["version"] or "-", each["note"]) for each in endpoints]
    if running:
        app.console.table("Endpoints", ("blueprint", "runs", "version that it should run", "note"), running)
    waiting = [(each["group"], str(each["number"]), each["since"], each["approve"]) for each in pending]
    if waiting:
        app.console.table("Versions that wait for approval", ("group", "version#", "since", "approve"), waiting)
    if last_run:
        app.console.line(f"Last run: {last_run['command']} {last_run['status']} at {last_run['started_at']}")
    else:
        app.console.line("Last run: none")


def _unfinished(run: Unfinished) -> dict[str, Any]:
    at = [command for record in run.open if (command := record.command) is not None]
    return {
        "run_id": run.run_id,
        "command": run.command,
        "process": run.process.pid if run.process else None,
        "life": run.life,
        "at": [{"stack": each.stack, "command": each.command} for each in at],
    }


def _endpoints(tools: Tools, target: Target, graph: Graph) -> list[dict[str, Any]]:
    """Of every blueprint whose endpoint changes through releases: what it runs, and what it should."""
    from orchestrator.errors import PlatformError
    from orchestrator.values import published

    found = []
    for stack in graph.stacks:
        state = target.store.read(stack.name) if stack.blueprint else None
        parameter = ((published(stack, state) if state else None) or {}).get("release_parameter_name")
        if not stack.blueprint or not parameter:
            continue
        row = {"blueprint": stack.blueprint, "running": None, "version": None, "last_release": None, "note": ""}
        try:
            seen = tools.endpoints(target.cloud, {stack.blueprint: str(parameter)})[stack.blueprint]
            row |= {"running": seen.running, "version": seen.version, "last_release": seen.last or None}
            row["note"] = seen.difference or ("asked for, whichever is live" if seen.asked else "")
        except PlatformError as error:
            # Somebody may have taken it away by hand: that is to be told, and so are the others.
            row["note"] = error.message
        found.append(row)
    return found


def _stacks(app: App, env: str, target: Target, graph: Graph) -> list[dict[str, Any]]:
    from orchestrator.recovery import locks

    held = {each.stack: each for each in locks.held(target.store, app.repo, env, target.endpoint)}
    found = []
    for stack in graph.stacks:
        state, lock = target.store.read(stack.name), held.get(stack.name)
        found.append(
            {
                "name": stack.name,
                "serial": state.serial if state else None,
                "resources": len(state.resources) if state else 0,
                "lock": {**(lock.stored.info or {}), "holder": lock.holder} if lock else None,
            }
        )
    return found


def _lock(info: dict[str, Any] | None) -> str:
    if not info:
        return ""
    who, since, what, holder = (info.get(key, "?") for key in ("Who", "Created", "Operation", "holder"))
    return f"{who} since {since}, {what}, {holder}"
