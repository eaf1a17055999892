"""`orchestrator graph ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("graph")
@options.environment
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "mermaid", "dot", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, shape: str, as_json: bool) -> None:
    """Show the stacks of ENV in deployment order, with their dependencies."""
    from orchestrator.reporting import graphs

    app: App = ctx.obj
    _, graph = app.load(env)
    if as_json or shape == "json":
        app.console.json(graphs.as_data(graph))
    else:
        app.console.data({"text": graphs.text, "mermaid": graphs.mermaid, "dot": graphs.dot}[shape](graph))
