"""`orchestrator model import ENV NAME ARTEFACT`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.config.model.platform import Environment
    from orchestrator.core.types import Json
    from orchestrator.planning.graph import Graph
    from orchestrator.session.target import Target


@click.group("model")
def command() -> None:
    """Import finished models."""


@command.command("import")
@options.environment
@click.argument("name")
@click.argument("artefact")
@click.option(
    "--framework", type=click.Choice(["sklearn", "xgboost", "lightgbm", "pytorch"]),
    help="AWS's image that serves it, by code/inference.py in the archive.",
)  # fmt: skip
@click.option("--image", metavar="URI", help="Own image in ECR that serves it.")
@click.option(
    "--golden", type=click.Path(path_type=Path), metavar="FILE",
    help="YAML with golden cases, such as a blueprint, that it must answer on this machine before it is uploaded.",
)  # fmt: skip
@click.option("--no-approve", is_flag=True, help="Register the version only: it waits for approval.")
@options.as_json
@click.pass_context
def import_(
    ctx: click.Context,
    env: str,
    name: str,
    artefact: str,
    framework: str | None,
    image: str | None,
    golden: Path | None,
    no_approve: bool,
    as_json: bool,
) -> None:
    """Register the finished model ARTEFACT (a model.tar.gz, or its s3:// address) as a version of the group NAME.

    The version is approved, goes live, and is released to endpoints; the command waits for the result. Importing the
    same bytes again changes nothing.
    """
    from dataclasses import asdict

    from orchestrator.cli.release import reporter, show_live
    from orchestrator.registry import containers
    from orchestrator.registry.model import Target

    if (framework is None) == (image is None):
        raise click.UsageError("One of `--framework` and `--image` is required, and only one.")
    app: App = ctx.obj
    environment, graph = app.load(env)
    _known(environment, name)
    if image is not None:
        container = containers.of_image(environment, image)
    prove = _proof(app, golden) if golden is not None else None
    tools = app.tools(environment)
    target = app.target(tools)
    outputs = _outputs(environment, graph, target, name)
    if framework is not None:
        repositories = outputs["models"]["sagemaker"]["image_repositories"]
        container = containers.of_framework(environment, framework, repositories)
    foundation = outputs["foundation"]
    key = foundation["kms"]["models_key_arn"] if environment.platform.registry.encrypt_versions else None
    registered = tools.import_model(
        target.cloud,
        name,
        artefact,
        container,
        Target(foundation["s3"]["bucket_name"], key),
        prove=prove,
        on_event=reporter(app),
    )
    if registered.repeated:
        app.console.say(f"version {registered.number} of {name} has these bytes and this image already")
    if no_approve:
        if as_json:
            app.console.json(asdict(registered))
        app.console.say(f"Next: `orchestrator release approve {env} {name} --version {registered.number}`")
        ctx.exit(0)
    comment = "" if registered.repeated else "imported"
    decision = tools.decide(target.cloud, name, registered.number, "approve", comment=comment, on_event=reporter(app))
    if as_json:
        app.console.json({**asdict(registered), "decision": asdict(decision)})
    show_live(app, env, decision)
    ctx.exit(0)


def _proof(app: App, file: Path) -> Callable[[Path], None]:
    """Return a check of an archive by the golden cases of a file."""
    from orchestrator.registry import golden

    cases = golden.read(file)

    def prove(archive: Path) -> None:
        for number, summary in enumerate(golden.check(app.repo, archive, cases), start=1):
            app.console.say(f"golden case {number}: {summary}")

    return prove


def _known(environment: Environment, name: str) -> None:
    """Reject a name that is not a model group, with the lines that add it."""
    from orchestrator.config.problems import nearest
    from orchestrator.errors import ConfigError

    if name in environment.model_groups:
        return
    groups = environment.platform.registry.groups
    near = nearest(name, environment.model_groups)
    lines = [f"    {group}: {{description: {each.description}}}" for group, each in groups.items()]
    raise ConfigError(
        f"`{environment.name}` has no model group `{name[:60]}`" + (f"; did you mean `{near}`?" if near else ""),
        hint=f"add it to terraform/envs/{environment.name}/platform.yaml, and deploy:\n"
        + "\n".join(["registry:", "  groups:", *lines, f"    {name[:60]}: {{description: What the model does}}"]),
    )


def _outputs(environment: Environment, graph: Graph, target: Target, name: str) -> dict[str, Json]:
    """Return what the stacks that an import uses have published."""
    from orchestrator.errors import PlatformError
    from orchestrator.planning.graph import TRAINING
    from orchestrator.planning.values import published

    trained = any(training.name == name for training in environment.trainings)
    outputs = {}
    for stack in map(graph.stack, ("foundation", "models", *((f"{TRAINING}{name}",) if trained else ()))):
        state = target.store.read(stack.name)
        value = published(stack, state) if state is not None else None
        if value is None or (stack.name == "foundation" and not trained and name not in _groups(value)):
            raise PlatformError(
                f"the model group `{name}` is not deployed in `{environment.name}`",
                hint=f"run `orchestrator deploy {environment.name}` first",
            )
        outputs[stack.name] = value
    return outputs


def _groups(foundation: Json) -> Json:
    groups: Json = foundation["model_registry"]["group_names"]
    return groups
