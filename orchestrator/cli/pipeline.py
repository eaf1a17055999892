"""`orchestrator pipeline run|list|show|stop ENV NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.aws.model import Cloud
    from orchestrator.pipeline.execution import Evidence

_ENDED_AS_WANTED = ("SUCCEEDED", "RUNNING", "AWAITING_APPROVAL")


@click.group("pipeline")
def command() -> None:
    """Run trainings, and list, show and stop their executions."""


@command.command("run")
@options.environment
@click.argument("name")
@options.as_json
@click.pass_context
def run(ctx: click.Context, env: str, name: str, as_json: bool) -> None:
    """Run the training NAME of ENV and wait for the result.

    The training runs in AWS: interrupting this command stops the waiting only. An execution with the same input that
    is already running is followed instead.
    """
    from orchestrator.planning import plans

    app: App = ctx.obj
    environment, graph = app.load(env)
    _known(environment, name)
    ctx.exit(app.run(environment, graph, plans.train(environment, graph, name), as_json=as_json, beside_others=True))


@command.command("list")
@options.environment
@click.argument("name")
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Executions to list.")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, env: str, name: str, most: int, as_json: bool) -> None:
    """List the executions of the training NAME of ENV, the newest first."""
    from dataclasses import asdict

    from orchestrator.pipeline.executions import executions

    app: App = ctx.obj
    cloud, machine, _ = _machine(app, env, name)
    listed = executions(cloud, machine, most)
    if as_json:
        app.console.json([asdict(each) | {"seconds": each.seconds} for each in listed])
        return
    rows = [
        (each.name, each.status, f"{each.started:%Y-%m-%d %H:%M:%S}", f"{each.seconds:.0f}" if each.seconds else "")
        for each in listed
    ]
    app.console.table(f"Executions of {name}", ("execution", "status", "started", "seconds#"), rows)


@command.command("show")
@options.environment
@click.argument("name")
@click.argument("execution", required=False)
@options.as_json
@click.pass_context
def show(ctx: click.Context, env: str, name: str, execution: str | None, as_json: bool) -> None:
    """Show the steps of an EXECUTION of the training NAME of ENV; of the newest by default."""
    from orchestrator.pipeline.executions import describe
    from orchestrator.reporting.summary import show_pipeline
    from orchestrator.runs.result import pipeline_result

    app: App = ctx.obj
    cloud, machine, evidence = _machine(app, env, name)
    result = pipeline_result(describe(cloud, machine, execution, evidence))
    if as_json:
        app.console.json(result.model_dump(mode="json"))
    else:
        app.console.line(f"Execution: {result.execution_arn}")
        show_pipeline(app.console, f"training {name}", result)
        if result.error:
            app.console.line(f"Error:   {result.error}")
    ctx.exit(0 if result.status in _ENDED_AS_WANTED else 1)


@command.command("stop")
@options.environment
@click.argument("name")
@click.pass_context
def stop(ctx: click.Context, env: str, name: str) -> None:
    """Stop the running executions of the training NAME of ENV. Registered versions stay."""
    from orchestrator.pipeline.executions import stop as stop_executions

    app: App = ctx.obj
    cloud, machine, _ = _machine(app, env, name)
    app.console.say(f"{stop_executions(cloud, machine)} executions of {name} stopped")


def _known(environment: Any, name: str) -> None:
    """Reject a name that is not a training of the environment."""
    from orchestrator.planning.graph import unknown

    names = [training.name for training in environment.trainings]
    if name not in names:
        raise unknown("training", name, names)


def _machine(app: App, env: str, name: str) -> tuple[Cloud, dict[str, Any], Evidence | None]:
    """Return the AWS of an environment, what the training published about its state machine, and the evidence."""
    from orchestrator.errors import PlatformError
    from orchestrator.planning.graph import TRAINING
    from orchestrator.planning.values import published

    environment, graph = app.load(env)
    _known(environment, name)
    tools = app.tools(environment)
    target = app.target(tools)
    stack = graph.stack(f"{TRAINING}{name}")
    state = target.store.read(stack.name)
    outputs = published(stack, state) if state else None
    if outputs is None:
        raise PlatformError(f"training `{name}` is not deployed", hint=f"run `orchestrator deploy {env}` first")
    evidence = tools.emulator.evidence if target.cloud.endpoint else None
    return target.cloud, outputs["stepfunctions"], evidence
