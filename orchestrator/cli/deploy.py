"""`orchestrator deploy ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("deploy")
@options.environment
@options.plain_provider
@options.blueprints
@options.pipeline
@options.proof
@options.approval
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    env: str,
    blueprints: tuple[str, ...],
    force_pipeline: bool,
    refresh: bool,
    why: bool,
    as_json: bool,
) -> None:
    """Deploy ENV: phases 1-5, blueprints, training pipeline, smoke tests."""
    from orchestrator.planning import plans

    app: App = ctx.obj
    environment, graph = app.load(env, building=True)
    chosen = graph.select(blueprints=blueprints)
    tools = app.tools(environment)
    gone = app.leftovers(tools, graph)
    plan = plans.deploy(
        environment,
        graph,
        stacks=chosen,
        force_pipeline=force_pipeline,
        refresh=refresh,
        done=app.done(env, refresh=refresh),
        leftovers=() if blueprints else gone,
    )
    warnings = plans.leftover_warnings(environment, gone) if blueprints else []
    ctx.exit(app.run(environment, graph, plan, as_json=as_json, why=why, tools=tools, warnings=warnings))
