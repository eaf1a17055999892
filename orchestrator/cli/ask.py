"""`orchestrator ask ENV BLUEPRINT TEXT`."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

MOST = 10 * 1024 * 1024
"""The largest request that API Gateway accepts, in bytes."""


def _piped() -> str:
    from orchestrator.errors import PlatformError
    from orchestrator.system import text_files

    content = sys.stdin.buffer.read(MOST + 1)
    if len(content) > MOST:
        raise PlatformError(f"the text on stdin is larger than {MOST} bytes", hint="the API accepts no larger request")
    try:
        return text_files.unicode(content)
    except text_files.Refused as error:
        raise PlatformError(f"line {error.line} of the text on stdin: {error.rule}") from error


def _value(text: str) -> Any:
    from orchestrator.errors import PlatformError

    try:
        return json.loads(text)
    except ValueError as error:
        raise PlatformError(f"TEXT is not JSON: {error}", hint="without `--value` it is sent as a text") from error


@click.command("ask")
@options.environment
@click.argument("blueprint")
@click.argument("text")
@click.option("--curl", "as_curl", is_flag=True, help="Print the request as a curl command instead of sending it.")
@click.option("--value", "as_value", is_flag=True, help="Read TEXT as JSON: a number, a list or an object.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, env: str, blueprint: str, text: str, as_curl: bool, as_value: bool, as_json: bool
) -> None:
    """Send TEXT to BLUEPRINT of ENV through the API, with the API key `default`.

    The answer is printed to stdout: the text of a language model, or the output of any other model as JSON. With `-`,
    TEXT is read from stdin.
    """
    from orchestrator.cli.app import interruptible
    from orchestrator.errors import PlatformError
    from orchestrator.planning.values import published
    from orchestrator.smoke import ask
    from orchestrator.smoke.base import Target

    app: App = ctx.obj
    environment, graph = app.load(env)
    chosen = {each.name: each for each in environment.blueprints}.get(blueprint)
    if chosen is None:
        names = ", ".join(each.name for each in environment.blueprints)
        raise PlatformError(f"`{env}` has no blueprint `{blueprint}`", hint=f"available: {names}")
    aws = app.target(app.tools(environment))
    outputs = {}
    for stack in (graph.stack("inference"), graph.stack(f"blueprint-{blueprint}")):
        state = aws.store.read(stack.name)
        value = published(stack, state) if state is not None else None
        if value is None:
            hint = f"`orchestrator status {env}` shows what is deployed"
            raise PlatformError(f"`{blueprint}` is not deployed in `{env}`", hint=hint)
        outputs[stack.name] = value
    target = Target(aws.cloud, chosen, outputs, app.repo)
    if text == "-":
        text = _piped()
    given = _value(text) if as_value else text
    if as_curl:
        app.console.data(ask.curl(target, env, given))
        return
    with interruptible(app.console, env) as cancel:
        reply = ask.ask(target, given, stopping=cancel.is_set)
    if as_json:
        app.console.json({"answer": reply.document, "latency_ms": round(reply.latency_ms), "fidelity": reply.fidelity})
        return
    for output in reply.outputs:
        answer = output.get("text") if isinstance(output, dict) else None
        app.console.data(answer if isinstance(answer, str) else json.dumps(output, ensure_ascii=False))
    app.console.say(f"{blueprint}: {reply.fidelity}, {reply.latency_ms:.0f} ms")
