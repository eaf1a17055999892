"""`orchestrator release ENV BLUEPRINT`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("release")
@options.environment
@click.argument("blueprint")
@click.option(
    "--version",
    metavar="ARN",
    help="This approved model version, whichever is live; without it the live one. It stays until another goes live.",
)
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, blueprint: str, version: str | None, as_json: bool) -> None:
    """Give the endpoint of BLUEPRINT what its file and a model version make, and follow the release to its end.

    An endpoint that runs that already is left alone. On red it goes back to what it ran before. The release runs
    in AWS: whoever interrupts this command stops watching it, and no more.
    """
    from dataclasses import asdict

    from orchestrator.errors import ReleaseFailed
    from orchestrator.plan import RELEASES
    from orchestrator.values import blueprint_of, is_released, published

    app: App = ctx.obj
    environment, graph = app.load(env)
    stack = graph.stack(f"blueprint-{blueprint}")
    chosen = blueprint_of(environment, blueprint)
    if not is_released(chosen):
        raise ReleaseFailed(
            f"`{blueprint}` is {chosen.kind} on {chosen.model.source}: SageMaker alone has versions of models "
            "that are released",
            hint=f"`orchestrator deploy {env}` brings the others to what their files say",
        )
    tools = app.tools(environment)
    target = app.target(tools)
    state = target.store.read(RELEASES)
    outputs = published(graph.stack(RELEASES), state) if state else None
    if outputs is None or target.store.read(stack.name) is None:
        raise ReleaseFailed(f"`{blueprint}` is not deployed", hint=f"`orchestrator deploy {env}` deploys it")

    def hear(event: dict[str, object]) -> None:
        app.console.say(str(event["@message"]))

    machine = outputs["release"]["state_machine_arn"]
    [result] = tools.release(target.cloud, machine, {blueprint: version}, on_event=hear)
    if as_json:
        app.console.json(asdict(result))
    if result.error:
        raise ReleaseFailed(result.error, hint=f"the execution {result.execution_arn} has every step")
    words = "runs" if result.changed else "ran already"
    app.console.say(f"{blueprint} {words} {result.config_name}")
    ctx.exit(0)
