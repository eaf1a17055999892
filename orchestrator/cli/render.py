"""`orchestrator render ENV [STACK]`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("render")
@options.environment
@click.argument("stack", required=False)
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, stack: str | None, as_json: bool) -> None:
    """Write the Terraform files to build/ENV/<stack>/ and print the terraform commands to run there."""
    from orchestrator.cli.plan import plan_target
    from orchestrator.execution import manual

    app: App = ctx.obj
    environment, graph = app.load(env)
    chosen = (graph.stack(stack),) if stack else graph.stacks
    tools = app.tools(environment)
    with plan_target(app, tools) as target:
        rendered = manual.render_all(tools, graph, chosen, target, app.examples())
    if as_json:
        app.console.json(
            [{"stack": each.stack, "preview": each.preview, "lines": list(each.lines)} for each in rendered]
        )
        return
    for each in rendered:
        note = "  (preview: example values, local state)" if each.preview else ""
        app.console.data("\n".join([f"# {each.stack}{note}", *each.lines, ""]))
