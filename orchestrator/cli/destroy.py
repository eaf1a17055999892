"""`orchestrator destroy ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("destroy")
@options.environment
@options.plain_provider
@options.blueprints
@options.yes
@click.option("--yes-if-local", is_flag=True, help="Skip the confirmation if ENV has `target: local`.")
@click.option("--yes-destroy-protected", is_flag=True, help="Destroy an environment although it is `protected`.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    env: str,
    blueprints: tuple[str, ...],
    yes: bool,
    yes_if_local: bool,
    yes_destroy_protected: bool,
    as_json: bool,
) -> None:
    """Destroy ENV, except its state bucket and key, and report leftovers; or destroy single blueprints."""
    from orchestrator.errors import ApprovalRequired
    from orchestrator.planning import plans
    from orchestrator.runs.run_folder import alone

    app: App = ctx.obj
    environment, graph = app.load(env)
    if environment.platform.protected and not yes_destroy_protected:
        raise ApprovalRequired(
            f"`{env}` is protected (platform.yaml: protected: true)",
            hint="set `protected: false`, deploy, then repeat with `--yes-destroy-protected`",
        )
    tools = app.tools(environment)
    if environment.is_local and tools.emulator.status() is None:
        with alone(app.repo, env), app.taking_up(environment, tools, "destroy"):
            app.console.say("the local AWS is not running, so nothing is deployed in it")
        return
    named = ", ".join(f"`{name}`" for name in blueprints)
    what = f"the blueprints {named} in `{env}`" if blueprints else f"everything in `{env}`, data included"
    sure = yes or (yes_if_local and environment.is_local)
    if not sure and not app.console.confirm(f"Destroy {what}?"):
        raise ApprovalRequired(f"destroying `{env}` requires confirmation", hint="answer the prompt, or pass `--yes`")
    gone = app.leftovers(tools, graph)
    if blueprints:
        plan = plans.destroy_blueprints(environment, graph, blueprints, gone)
    else:
        plan = plans.destroy(environment, graph, gone)
    ctx.exit(app.run(environment, graph, plan, as_json=as_json, tools=tools))
