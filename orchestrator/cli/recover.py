"""`orchestrator recover ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("recover")
@options.environment
@options.plain_provider
@click.option("--import", "wants_import", is_flag=True, help="Import resources that belong to a stack.")
@click.option("--remove", is_flag=True, help="Remove what is found; with `--import`, only what belongs to no stack.")
@click.option("--take", "chosen", multiple=True, metavar="ID", help="Choose this one of several similar resources.")
@options.approval
@click.option("--yes-destroy-protected", is_flag=True, help="Remove resources although the environment is `protected`.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    env: str,
    wants_import: bool,
    remove: bool,
    chosen: tuple[str, ...],
    yes_destroy_protected: bool,
    as_json: bool,
) -> None:
    """Find resources of ENV that are in no Terraform state, as after a killed run, and import or remove them.

    Nothing changes before it is confirmed. The plan that imports resources also creates what the stack still lacks; it
    is subject to policies, accepted risks and approval like any other plan.
    """
    from orchestrator.errors import ApprovalRequired
    from orchestrator.planning import plans
    from orchestrator.planning.steps import Recovery

    app: App = ctx.obj
    yes = app.granted.yes
    environment, graph = app.load(env)
    if remove and environment.platform.protected and not yes_destroy_protected:
        raise ApprovalRequired(
            f"`{env}` is protected (platform.yaml: protected: true)",
            hint="`--import` loses nothing; to remove resources anyway, add `--yes-destroy-protected`",
        )
    if yes and not (wants_import or remove):
        raise click.UsageError("`--yes` requires `--import` or `--remove`")
    action: Recovery | None = "imported" if wants_import else "removed" if remove else None
    steps = plans.recover(environment, graph, action=action, remove_rest=remove, sure=yes, chosen=chosen)
    ctx.exit(app.run(environment, graph, steps, as_json=as_json))
