"""`orchestrator release ENV BLUEPRINT`, and `orchestrator release approve|reject ENV GROUP`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.pipeline.model import Decision, Verb

LONGEST_COMMENT = 500
"""The registry keeps 1024 characters; the rest is for the principal that decided."""


class EndpointOrVerb(click.Group):
    """A group with a default command: `release ENV BLUEPRINT` is `release endpoint ENV BLUEPRINT`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args = ["endpoint", *args]
        return super().parse_args(ctx, args)


@click.group("release", cls=EndpointOrVerb)
def command() -> None:
    """Approve or reject a model version, or release one: `orchestrator release ENV BLUEPRINT`."""


@command.command("endpoint")
@options.environment
@click.argument("blueprint")
@click.option(
    "--version",
    metavar="NUMBER|ARN",
    help="Release this approved version of its group, until another goes live. Default: the live version.",
)
@options.as_json
@click.pass_context
def endpoint(ctx: click.Context, env: str, blueprint: str, version: str | None, as_json: bool) -> None:
    """Release a model version or instance size to the endpoint of BLUEPRINT and wait for the result.

    `endpoint` may be omitted. An endpoint that is already up to date does not change. A failed release rolls back to
    the previous configuration. The release runs in AWS: interrupting this command stops the waiting only.
    """
    from dataclasses import asdict

    from orchestrator.errors import ReleaseFailed
    from orchestrator.planning.steps import RELEASES
    from orchestrator.planning.values import blueprint_of, is_released, published

    app: App = ctx.obj
    environment, graph = app.load(env)
    stack = graph.stack(f"blueprint-{blueprint}")
    chosen = blueprint_of(environment, blueprint)
    if not is_released(chosen):
        raise ReleaseFailed(
            f"`{blueprint}` is {chosen.kind} on {chosen.model.source}: only blueprints on SageMaker have releases",
            hint=f"`orchestrator deploy {env}` deploys changes of the other blueprints",
        )
    tools = app.tools(environment)
    target = app.target(tools)
    state = target.store.read(RELEASES)
    outputs = published(graph.stack(RELEASES), state) if state else None
    if outputs is None or target.store.read(stack.name) is None:
        raise ReleaseFailed(f"`{blueprint}` is not deployed", hint=f"run `orchestrator deploy {env}` first")
    machine = outputs["release"]["state_machine_arn"]
    if version is not None and chosen.model.source == "sagemaker":
        version = tools.approved_version(target.cloud, chosen.model.group, version)
    [result] = tools.release(target.cloud, machine, {blueprint: version}, on_event=reporter(app))
    if as_json:
        app.console.json(asdict(result))
    if result.error:
        raise ReleaseFailed(result.error, hint=f"the execution {result.execution_arn} shows every step")
    words = "runs" if result.changed else "already ran"
    app.console.say(f"{blueprint} {words} {result.config_name}")
    ctx.exit(0)


def _one_line(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Reject line breaks, which the registry does not accept."""
    if len(value) > LONGEST_COMMENT or not value.isprintable():
        raise click.BadParameter(
            f"must be one line of at most {LONGEST_COMMENT} printable characters, got {len(value)}: {value[:60]!r}"
        )
    return value


def _deciding(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and options that approve and reject share."""
    version = click.option(
        "--version", type=click.IntRange(min=1), help="Version number. Default: the only pending version."
    )
    comment = click.option("--comment", default="", callback=_one_line, help="Reason, stored in the registry.")
    return options.environment(click.argument("group")(version(comment(options.as_json(function)))))


@command.command("approve")
@_deciding
@click.pass_context
def approve(ctx: click.Context, env: str, group: str, version: int | None, comment: str, as_json: bool) -> None:
    """Approve a model version of GROUP: it is probed as a candidate, goes live, and is released to endpoints.

    The command waits for the result. Repeating it changes nothing. The work runs in AWS: interrupting this command
    stops the waiting only.
    """
    show_live(ctx.obj, env, _decide(ctx, env, group, version, "approve", comment, as_json))
    ctx.exit(0)


def show_live(app: App, env: str, decision: Decision) -> None:
    """Report a version that went live, and its releases. Raises `ReleaseFailed` if one of them failed."""
    group, red = decision.group, [each for each in decision.releases if each.error]
    app.console.say(f"version {decision.number} of {group} is {'already ' if decision.already else ''}live")
    for each in decision.releases:
        if not each.error:
            app.console.say(f"{each.blueprint} {'runs' if each.changed else 'already ran'} {each.config_name}")
    if red:
        from orchestrator.errors import ReleaseFailed

        raise ReleaseFailed(
            f"version {decision.number} of `{group}` is live but was not released to "
            + "; ".join(f"{each.blueprint}: {each.error}" for each in red),
            hint=f"`orchestrator release {env} {red[0].blueprint}` retries; {red[0].execution_arn} shows every step",
        )
    if not decision.releases:
        app.console.say(f"Next: `orchestrator deploy {env}` creates the endpoints that waited for a version")


@command.command("reject")
@_deciding
@click.pass_context
def reject(ctx: click.Context, env: str, group: str, version: int | None, comment: str, as_json: bool) -> None:
    """Reject a model version of GROUP and end the execution that waits for it. Repeating it changes nothing."""
    decision = _decide(ctx, env, group, version, "reject", comment, as_json)
    app: App = ctx.obj
    app.console.say(f"version {decision.number} of {group} is {'already ' if decision.repeated else ''}rejected")
    app.console.say(f"Next: `orchestrator deploy {env} --pipeline` trains another version")
    ctx.exit(0)


def _decide(
    ctx: click.Context, env: str, group: str, version: int | None, verb: Verb, comment: str, as_json: bool
) -> Decision:
    from dataclasses import asdict
    from difflib import get_close_matches

    from orchestrator.errors import PlatformError

    app: App = ctx.obj
    environment, _ = app.load(env)
    groups = list(environment.model_groups)
    if group not in groups:
        near = get_close_matches(group, groups, n=1)
        raise PlatformError(
            f"`{env}` has no model group `{group[:60]}`" + (f"; did you mean `{near[0]}`?" if near else ""),
            hint=f"available: {', '.join(groups)} (`registry.groups` in platform.yaml)",
        )
    tools = app.tools(environment)
    decision = tools.decide(app.target(tools).cloud, group, version, verb, comment=comment, on_event=reporter(app))
    if as_json:
        app.console.json(asdict(decision))
    return decision


def reporter(app: App) -> Callable[[dict[str, object]], None]:
    def report(event: dict[str, object]) -> None:
        if event["type"] != "apply_progress":
            app.console.say(str(event["@message"]))

    return report
