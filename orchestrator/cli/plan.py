"""`orchestrator plan ENV`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.session.ports import Tools
    from orchestrator.session.target import Target


@click.command("plan")
@options.environment
@options.plain_provider
@click.argument("stack", required=False)
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, stack: str | None, as_json: bool) -> None:
    """Show what a deployment of ENV (or of one STACK) would change, without applying it.

    Outputs of stacks that do not exist yet are replaced with example values; the result is then a preview. Without
    credentials, the plan is made against a temporary local AWS.
    """
    from orchestrator.planning import plans
    from orchestrator.reporting import explain

    app: App = ctx.obj
    environment, graph = app.load(env, building=True)
    tools = app.tools(environment)
    gone = app.leftovers(tools, graph)
    stacks = (*graph.stacks, *gone)
    if stack:
        stacks = (next((each for each in gone if each.name == stack), None) or graph.stack(stack),)
    if not as_json and not stack:
        app.console.line(f"`orchestrator deploy {env}` would do:", style="bold")
        for line in explain.describe(plans.deploy(environment, graph, leftovers=gone)):
            app.console.line(line)
        app.console.line()
    with plan_target(app, tools) as target:
        code = app.run(
            environment, graph, plans.preview(environment, stacks), as_json=as_json, tools=tools, target=target
        )
    ctx.exit(code)


@contextmanager
def plan_target(app: App, tools: Tools) -> Iterator[Target]:
    """Open the AWS of the environment, or a temporary local AWS if it is unreachable."""
    from orchestrator.errors import CredentialsError, EmulatorError
    from orchestrator.session.target import open_target

    try:
        target = app.target(tools)
    except (CredentialsError, EmulatorError) as error:
        app.console.say(f"{error.message}: planning against a temporary local AWS")
    else:
        yield target
        return
    with tools.throwaway_emulator() as info:
        yield open_target(tools, info.access, throwaway=True)
