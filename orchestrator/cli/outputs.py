"""`orchestrator outputs ENV [STACK]`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("outputs")
@options.environment
@click.argument("stack", required=False)
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, stack: str | None, as_json: bool) -> None:
    """Show the outputs that the stacks of ENV (or one STACK) publish, read from their states."""
    from orchestrator.errors import PlatformError
    from orchestrator.planning.values import published

    app: App = ctx.obj
    environment, graph = app.load(env)
    chosen = (graph.stack(stack),) if stack else graph.stacks
    store = app.target(app.tools(environment)).store
    outputs = {each.name: published(each, state) for each in chosen if (state := store.read(each.name)) is not None}
    deployed = {name: value for name, value in outputs.items() if value is not None}
    if stack and stack not in deployed:
        raise PlatformError(f"`{stack}` is not deployed in `{env}`", hint=f"see `orchestrator status {env}`")
    if as_json:
        app.console.json(deployed[stack] if stack else deployed)
        return
    rows = [(name, ".".join(path), value) for name, each in deployed.items() for path, value in _leaves(each)]
    app.console.table(f"Outputs of {env}", ("stack", "output", "value"), rows)


def _leaves(value: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, str(key)))]
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return [(path, ", ".join(map(str, value)))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, (*path, str(index)))]
    return [(path, "" if value is None else str(value))]
