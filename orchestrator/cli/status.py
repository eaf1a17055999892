"""`orchestrator status ENV`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.config.model.platform import Environment
    from orchestrator.planning.graph import Stack
    from orchestrator.recovery.unfinished import Unfinished
    from orchestrator.session.ports import Tools
    from orchestrator.session.target import Target


@click.command("status")
@options.environment
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, as_json: bool) -> None:
    """Show the stacks of ENV with states and locks, endpoints, pending model versions and the last run."""
    from dataclasses import asdict

    from orchestrator.errors import PlatformError
    from orchestrator.recovery import remains, unfinished
    from orchestrator.runs import run_folder
    from orchestrator.stacks import leftovers

    app: App = ctx.obj
    environment, graph = app.load(env)
    tools = app.tools(environment)
    try:
        last = run_folder.latest(app.repo, env)
    except PlatformError as error:
        # What is deployed can still be shown.
        app.console.say(f"the last run is unknown: {error.message} ({error.hint})")
        last = None
    if environment.is_local and tools.emulator.status() is None:
        where, stacks = tools.emulator.lost() or "the local AWS is not running, so nothing is deployed in it", []
        endpoints: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
        orphans: list[dict[str, Any]] = []
    else:
        target = app.target(tools)
        where = f"account {target.account_id}, {environment.platform.region}"
        where += f", {target.endpoint}" if target.endpoint else ""
        every = (*graph.stacks, *leftovers.find(target.store, graph))
        stacks, endpoints = _stacks(app, env, target, every), _endpoints(tools, target, every)
        pending = [asdict(each) for each in tools.pending_versions(target.cloud)]
        orphans = _orphans(app, target, environment)
    last_run = (
        last.model_dump(mode="json", include={"run_id", "command", "status", "exit_code", "started_at"})
        if last
        else None
    )
    if as_json:
        seen = {"env": env, "where": where, "stacks": stacks, "endpoints": endpoints, "pending": pending}
        left = [_unfinished(each) for each in unfinished.find(app.repo, env)]
        app.console.json({**seen, "orphans": orphans, "last_run": last_run, "unfinished": left})
        return
    app.console.line(f"{env}: {where}")
    rows = [
        (each["name"], str(each["serial"] or "-"), str(each["resources"]), _lock(each["lock"]), _note(env, each))
        for each in stacks
    ]
    if rows:
        app.console.table("Stacks", ("stack", "serial#", "resources#", "lock", "note"), rows)
    running = [(each["blueprint"], each["running"] or "-", each["version"] or "-", each["note"]) for each in endpoints]
    if running:
        app.console.table("Endpoints", ("blueprint", "runs", "target version", "note"), running)
    waiting = [(each["group"], str(each["number"]), each["since"], each["approve"]) for each in pending]
    if waiting:
        app.console.table("Versions pending approval", ("group", "version#", "since", "approve"), waiting)
    if orphans:
        lost = [(each["service"], each["kind"], each["name"]) for each in orphans]
        app.console.table("Leftover resources", ("service", "kind", "name"), lost)
        app.console.line(f"{remains.message(env, len(orphans))}; {remains.hint(env)}")
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


def _orphans(app: App, target: Target, environment: Environment) -> list[dict[str, Any]]:
    """Find resources with the environment's tags or name that are in no state but should be."""
    from dataclasses import asdict

    from orchestrator.config import neighbours
    from orchestrator.errors import PlatformError
    from orchestrator.recovery import remains

    try:
        listed = remains.look(target.cloud, environment, neighbours.prefixes(app.repo, environment))
        for each in listed.unseen:
            app.console.say(f"could not list {each}")
        return [asdict(each) for each in remains.astray(target.store, environment, listed.remains)]
    except PlatformError as error:
        app.console.say(f"cannot check for leftover resources: {error.message}")
        return []


def _note(env: str, stack: dict[str, Any]) -> str:
    return f"its file is gone: `orchestrator deploy {env}` destroys it" if stack["gone"] else ""


def _endpoints(tools: Tools, target: Target, stacks: Sequence[Stack]) -> list[dict[str, Any]]:
    """Compare what each endpoint with releases runs with what it should run."""
    from orchestrator.errors import PlatformError
    from orchestrator.planning.values import published

    rows = []
    for stack in stacks:
        blueprint = stack.blueprint or stack.former_blueprint
        state = target.store.read(stack.name) if blueprint else None
        parameter = ((published(stack, state) if state else None) or {}).get("release_parameter_name")
        if not blueprint or not parameter:
            continue
        row = {"blueprint": blueprint, "running": None, "version": None, "last_release": None, "note": ""}
        try:
            seen = tools.endpoints(target.cloud, {blueprint: str(parameter)})[blueprint]
            row |= {"running": seen.running, "version": seen.version, "last_release": seen.last or None}
            row["note"] = seen.difference or ("requested explicitly, whichever is live" if seen.pinned else "")
        except PlatformError as error:
            # It may have been deleted by hand: report that, and go on with the others.
            row["note"] = error.message
        rows.append(row)
    return rows


def _stacks(app: App, env: str, target: Target, stacks: Sequence[Stack]) -> list[dict[str, Any]]:
    from orchestrator.recovery import locks

    held = {each.stack: each for each in locks.held(target.store, app.repo, env, target.endpoint)}
    rows = []
    for stack in stacks:
        state, lock = target.store.read(stack.name), held.get(stack.name)
        rows.append(
            {
                "name": stack.name,
                "serial": state.serial if state else None,
                "resources": len(state.resources) if state else 0,
                "lock": {**(lock.stored.info or {}), "holder": lock.holder} if lock else None,
                "gone": stack.gone,
            }
        )
    return rows


def _lock(info: dict[str, Any] | None) -> str:
    if not info:
        return ""
    if "Who" not in info:
        return "unknown holder (unreadable lock)"
    who, since, what, holder = (info.get(key, "?") for key in ("Who", "Created", "Operation", "holder"))
    return f"{who} since {since}, {what}, {holder}"
