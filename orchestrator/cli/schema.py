"""`orchestrator schema [platform|blueprint|result]`."""

from __future__ import annotations

import click

from orchestrator.cli.app import App


@click.command("schema")
@click.argument("name", type=click.Choice(["platform", "blueprint", "result"]), required=False)
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Print the JSON Schema of platform.yaml, a blueprint file or result.json; all three if omitted."""
    from orchestrator.config.schema import schemas
    from orchestrator.runs.result import Result

    app: App = ctx.obj
    known = {**schemas(), "result": Result.model_json_schema(by_alias=True)}
    app.console.json(known[name] if name else known)
