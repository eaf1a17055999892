"""`orchestrator policy ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("policy")
@options.environment
@click.option("--source-only", is_flag=True, help="Check only the Terraform source, not the plans.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, source_only: bool, as_json: bool) -> None:
    """Run the policy gate on the Terraform source and on the plans of ENV."""
    import dataclasses

    from orchestrator.cli.plan import plan_target
    from orchestrator.planning import plans
    from orchestrator.planning.steps import Plan, ScanSource

    app: App = ctx.obj
    environment, graph = app.load(env)
    if source_only:
        plan = Plan(environment.name, "policy", (ScanSource("policy", ()),))
        ctx.exit(app.run(environment, graph, plan, as_json=as_json, beside_others=True))
    tools = app.tools(environment)
    plan = dataclasses.replace(plans.preview(environment, graph.stacks), command="policy")
    with plan_target(app, tools) as target:
        code = app.run(environment, graph, plan, as_json=as_json, tools=tools, target=target)
    ctx.exit(code)
