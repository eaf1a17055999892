"""`orchestrator smoke ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("smoke")
@options.environment
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, as_json: bool) -> None:
    """Smoke-test every deployed blueprint of ENV, directly and through the API."""
    from orchestrator.planning import plans

    app: App = ctx.obj
    environment, graph = app.load(env)
    ctx.exit(app.run(environment, graph, plans.smoke(environment, graph), as_json=as_json, beside_others=True))
