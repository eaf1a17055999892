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
@click.option("--yes-if-local", is_flag=True, help="Do not ask where `target: local` says that nobody pays for it.")
@click.option("--yes-destroy-protected", is_flag=True, help="Needed for environments that are `protected`.")
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
    """Remove everything of ENV but its state bucket and key, look for what is left, or remove single blueprints."""
    from orchestrator.errors import ApprovalRequired
    from orchestrator.planning import steps
    from orchestrator.runs.run_folder import alone

    app: App = ctx.obj
    environment, graph = app.load(env)
    if environment.platform.protected and not yes_destroy_protected:
        raise ApprovalRequired(
            f"`{env}` is protected (platform.yaml: protected: true)",
            hint="`--yes-destroy-protected`, after setting `protected: false` and deploying that",
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
        raise ApprovalRequired(f"destroying `{env}` needs a yes", hint="answer the question, or give `--yes`")
    gone = app.leftovers(tools, graph)
    if blueprints:
        wanted = steps.destroy_blueprints(environment, graph, blueprints, gone)
    else:
        wanted = steps.destroy(environment, graph, gone)
    ctx.exit(app.run(environment, graph, wanted, as_json=as_json, tools=tools))
