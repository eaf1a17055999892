"""`orchestrator phase rollout ENV` and `orchestrator phase list`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.group("phase")
def command() -> None:
    """Deploy selected phases, or list all phases."""


@command.command("rollout")
@options.environment
@options.plain_provider
@click.option("--phase", "phases", multiple=True, metavar="N|NAME", help="Select this phase; can be repeated.")
@click.option("--from", "first", type=click.IntRange(min=1), help="Start at this phase.")
@click.option("--to", "last", type=click.IntRange(min=1), help="Stop after this phase.")
@click.option("--blueprint", "blueprints", multiple=True, metavar="NAME", help="Select this blueprint and monitoring.")
@options.pipeline
@options.proof
@options.approval
@options.as_json
@click.pass_context
def rollout(
    ctx: click.Context,
    env: str,
    phases: tuple[str, ...],
    first: int | None,
    last: int | None,
    blueprints: tuple[str, ...],
    force_pipeline: bool,
    refresh: bool,
    why: bool,
    as_json: bool,
) -> None:
    """Deploy all phases of ENV, or the selected ones."""
    from orchestrator.planning import plans

    app: App = ctx.obj
    environment, graph = app.load(env, building=True)
    chosen = graph.select(phases=phases, first=first, last=last, blueprints=blueprints)
    tools = app.tools(environment)
    gone = app.leftovers(tools, graph)
    whole = chosen == graph.stacks
    plan = plans.deploy(
        environment,
        graph,
        stacks=chosen,
        force_pipeline=force_pipeline,
        refresh=refresh,
        done=app.done(env, refresh=refresh),
        leftovers=gone if whole else (),
        command="phase rollout",
    )
    warnings = [] if whole else plans.leftover_warnings(environment, gone)
    ctx.exit(app.run(environment, graph, plan, as_json=as_json, why=why, tools=tools, warnings=warnings))


@command.command("list")
@options.as_json
@click.pass_context
def list_phases(ctx: click.Context, as_json: bool) -> None:
    """List the phases, read from their phase.yaml."""
    import dataclasses

    app: App = ctx.obj
    if as_json:
        app.console.json([dataclasses.asdict(phase) for phase in app.phases])
        return
    rows = [
        (str(phase.order), phase.name, phase.title, ", ".join(phase.needs), ", ".join(phase.after))
        for phase in app.phases
    ]
    app.console.table("Phases", ("no#", "phase", "title", "needs", "afterwards"), rows)
