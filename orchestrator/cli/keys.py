"""`orchestrator keys list|show|rotate ENV`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.api_keys import Listed, Owner
    from orchestrator.aws.model import Cloud
    from orchestrator.core.types import Json
    from orchestrator.planning.graph import Graph
    from orchestrator.session.ports import Tools

LONGEST_OVERLAP = 24 * 90


@click.group("keys")
def command() -> None:
    """List, show and rotate API keys. AWS generates their values; no file, state or log holds one."""


def _deployed(app: App, tools: Tools, graph: Graph) -> tuple[Cloud, dict[str, Json]]:
    """Open the AWS of an environment and read the outputs of its phase `inference`."""
    from orchestrator.planning.values import published

    target = app.target(tools)
    state = target.store.read("inference")
    outputs = published(graph.stack("inference"), state) if state else None
    return target.cloud, {} if outputs is None else {"inference": outputs}


@command.command("list")
@options.environment
@options.as_json
@click.pass_context
def list_keys(ctx: click.Context, env: str, as_json: bool) -> None:
    """List the API keys of ENV with id, blueprints, age and state of rotation, without their values."""
    from orchestrator import api_keys

    app: App = ctx.obj
    environment, graph = app.load(env)
    cloud, outputs = _deployed(app, app.tools(environment), graph)
    now = dt.datetime.now(dt.UTC)
    lines = api_keys.listed(cloud, api_keys.Owner.of(environment), api_keys.recipes(outputs), now)
    if as_json:
        app.console.json([_data(each) for each in lines])
        return
    rows = [(each.name, each.id, ", ".join(each.blueprints), _age(now - each.made_at), _words(each)) for each in lines]
    app.console.table(f"API keys of {env}", ("name", "id", "blueprints", "age#", "state"), rows)


@command.command("show")
@options.environment
@click.argument("name")
@click.pass_context
def show(ctx: click.Context, env: str, name: str) -> None:
    """Print the value of the API key NAME, a secret, on a single line of stdout."""
    from orchestrator import api_keys

    app: App = ctx.obj
    environment, graph = app.load(env)
    cloud, outputs = _deployed(app, app.tools(environment), graph)
    app.console.data(api_keys.value(cloud, outputs, name))


@command.command("rotate")
@options.environment
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--overlap",
    type=click.FloatRange(min=0, max=LONGEST_OVERLAP),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Hours for which the old keys stay valid.",
)
@click.option("--finish", is_flag=True, help="Revoke the old keys now and create none.")
@options.yes
@options.as_json
@click.pass_context
def rotate(
    ctx: click.Context, env: str, names: tuple[str, ...], overlap: float, finish: bool, yes: bool, as_json: bool
) -> None:
    """Rotate the API keys of ENV, or those called NAME; the old values stay valid for a while.

    An old key is rejected once it expires, and removed by the next deployment or rotation, or by `--finish`.
    """
    from orchestrator import api_keys
    from orchestrator.errors import ApprovalRequired
    from orchestrator.execution.key_steps import summary
    from orchestrator.runs.run_folder import alone

    app: App = ctx.obj
    environment, graph = app.load(env)
    cloud, outputs = _deployed(app, app.tools(environment), graph)
    recipes = api_keys.recipes(outputs)
    chosen = [api_keys.recipe(outputs, name).name for name in dict.fromkeys(names)] or list(recipes)
    if finish or not overlap:
        question = f"Callers that still send an old key of {', '.join(chosen)} are rejected from now on. Continue?"
        if not yes and not app.console.confirm(question):
            raise ApprovalRequired(
                f"revoking API keys of `{env}` at once requires confirmation", hint="answer the prompt, or pass `--yes`"
            )
    owner, now = api_keys.Owner.of(environment), dt.datetime.now(dt.UTC)
    with alone(app.repo, environment.name):
        if finish:
            changes = api_keys.finish(cloud, owner, recipes, chosen, now)
        else:
            changes = api_keys.rotate(cloud, owner, recipes, chosen, dt.timedelta(hours=overlap), now)
    if as_json:
        app.console.json([_data(each) for each in _of(cloud, owner, outputs, chosen, now)])
    else:
        app.console.say(summary(changes) or "already up to date")
        for each in _of(cloud, owner, outputs, chosen, now):
            app.console.line(f"{each.name}  {each.id}  {_words(each)}")
        if not finish:
            app.console.say(f"`orchestrator keys show {env} NAME` prints a new value, to pass on to its caller")


def _of(cloud: Cloud, owner: Owner, outputs: Mapping[str, Json], names: list[str], now: dt.datetime) -> list[Listed]:
    from orchestrator import api_keys

    return api_keys.listed(cloud, owner, {name: api_keys.recipe(outputs, name) for name in names}, now)


def _data(key: Listed) -> Json:
    return {
        "name": key.name,
        "id": key.id,
        "blueprints": list(key.blueprints),
        "made_at": key.made_at.isoformat(),
        "state": key.state,
        "until": key.until.isoformat() if key.until else None,
        "value_in_earlier_states": key.in_states,
    }


def _words(key: Listed) -> str:
    words = f"{key.state}, until {key.until:%Y-%m-%d %H:%M} UTC" if key.until else key.state
    return f"{words}; its value is in earlier states: rotate it" if key.in_states and not key.until else words


def _age(age: dt.timedelta) -> str:
    return f"{age.days} d" if age.days else f"{age.seconds // 3600} h"
