"""`orchestrator recover ENV`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("recover")
@options.environment
@options.plain_provider
@click.option(
    "--import", "wants_import", is_flag=True, help="Import what belongs to a stack, without offering anything else."
)
@click.option("--remove", is_flag=True, help="Remove what is found; beside `--import` only what belongs to no stack.")
@click.option(
    "--take", "chosen", multiple=True, metavar="ID", help="Of several that look alike, take this one; may be repeated."
)
@options.approval
@click.option("--yes-destroy-protected", is_flag=True, help="Needed to remove from environments that are `protected`.")
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
    """Find what exists of ENV and is in no state, as after a killed run; list it, then import or remove it.

    Only plans are made until somebody agrees. A stack into which something is imported is completed by the same plan,
    which policy, accepted risks and approvals judge like any other.
    """
    from orchestrator.errors import ApprovalRequired
    from orchestrator.planning import steps as plan

    app: App = ctx.obj
    yes = app.granted.yes
    environment, graph = app.load(env)
    if remove and environment.platform.protected and not yes_destroy_protected:
        raise ApprovalRequired(
            f"`{env}` is protected (platform.yaml: protected: true)",
            hint="`--import` loses nothing; to remove all the same, add `--yes-destroy-protected`",
        )
    if yes and not (wants_import or remove):
        raise click.UsageError("`--yes` needs `--import` or `--remove`: yes to what?")
    wanted: plan.Recovery | None = "imported" if wants_import else "removed" if remove else None
    steps = plan.recover(environment, graph, wanted=wanted, remove_rest=remove, sure=yes, chosen=chosen)
    ctx.exit(app.run(environment, graph, steps, as_json=as_json))
