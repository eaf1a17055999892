"""`orchestrator new KIND NAME`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import options
from orchestrator.cli.app import App

if TYPE_CHECKING:
    from orchestrator.scaffold.draft import Draft

KINDS = {
    "dataset": "Describe a file of data: columns, roles, split.",
    "training": "Train a model on a dataset: file, code, test.",
    "realtime": "Answer requests at once, on instances or by Bedrock.",
    "serverless": "Answer requests at once, without cost while idle.",
    "batch": "Answer whole files.",
    "async": "Answer requests from a queue.",
}


class Kinds(click.Group):
    """A group that suggests a kind for a misspelt one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in KINDS:
            import difflib

            near = difflib.get_close_matches(args[0], KINDS, n=1)
            guess = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"No such kind `{args[0]}`.{guess} Kinds: {', '.join(KINDS)}.")
        return super().resolve_command(ctx, args)


def _env(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--env", default="local", show_default=True, metavar="ENV", shell_complete=options.complete_environment,
        help="Environment, a folder in terraform/envs.",
    )(function)  # fmt: skip


@click.group("new", cls=Kinds)
def command() -> None:
    """Write the files of a dataset, training or blueprint, which deploy as they stand.

    No existing file is overwritten. The files are checked together with those of the environment before one is written.
    """


@command.command("dataset", short_help=KINDS["dataset"])
@click.argument("name")
@click.option(
    "--from", "source", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Data from which the columns are inferred: .csv, .tsv, .jsonl, .json or .parquet.",
)  # fmt: skip
@click.option("--label", metavar="COLUMN", help="Column that models predict. Default: a guess, which is reported.")
@click.option("--id", "id_column", metavar="COLUMN", help="Column with a unique value in each row. Default: a guess.")
@click.option("--group", metavar="COLUMN", help="Column whose rows stay in one split. Default: a guess.")
@click.option("--header/--no-header", default=None, help="CSV: whether the first row names the columns.")
@_env
@click.pass_context
def dataset(
    ctx: click.Context,
    name: str,
    source: Path,
    label: str | None,
    id_column: str | None,
    group: str | None,
    header: bool | None,
    env: str,
) -> None:
    """Write the file of the dataset NAME, with columns as inferred from FILE, and copy FILE as its sample.

    What was seen and what was guessed is printed, column by column. A file of more than 20 MB is not copied: the
    commands that upload it are printed.
    """
    from orchestrator.scaffold import dataset as scaffold

    app: App = ctx.obj
    new = scaffold.compose(app.repo, env, name, source, label=label, id=id_column, group=group, header=header)
    app.console.say(f"{source}: {new.table.rows:,} rows, {len(new.table.columns)} columns")
    _aligned(app, scaffold.described(new.table, new.guess))
    for note in new.notes:
        app.console.say(f"note: {note}")
    if new.guess.label is None:
        app.console.say("note: no column looks like a label; name it (`roles.label`), or train with `--task custom`")
    _write(app, new.draft)
    if new.upload:
        app.console.line(f"The file is too large for the repository. Upload it after `orchestrator deploy {env}`:")
        for command_line in new.upload:
            app.console.line(f"  {command_line}")
    task = new.task or "custom"
    app.console.line(f"Next: `orchestrator new training {name} --dataset {name} --task {task} --env {env}`")


@command.command("training", short_help=KINDS["training"])
@click.argument("name")
@click.option("--dataset", "dataset_name", required=True, metavar="NAME", help="Dataset of the environment.")
@click.option(
    "--task", type=click.Choice(["classification", "regression", "custom"]),
    help="What the model does. Default: by the dataset's label. custom: evaluate.py measures.",
)  # fmt: skip
@click.option(
    "--framework", type=click.Choice(["sklearn", "xgboost", "lightgbm"]), default="sklearn", show_default=True,
    help="What train.py uses.",
)  # fmt: skip
@_env
@click.pass_context
def training(ctx: click.Context, name: str, dataset_name: str, task: str | None, framework: str, env: str) -> None:
    """Write the files of the training NAME: its YAML, and in jobs/models/NAME the model's code with a test.

    The code reads the columns of the dataset as they are: numbers, categories, texts, times, missing values. The gate
    and the golden cases come from the dataset's sample.
    """
    from orchestrator.scaffold import training as scaffold

    app: App = ctx.obj
    new = scaffold.compose(app.repo, env, name, dataset_name, task, framework)
    _aligned(app, [*new.columns.items(), *((each, "left out: another value in each row") for each in new.left_out)])
    if new.existing:
        app.console.say(f"note: {new.existing} exists, and is used as it is")
    _write(app, new.draft)
    if not new.existing:
        app.console.line(f"Test: `.venv-jobs/bin/python -m unittest discover -s jobs/models/{name}/tests`")
    app.console.line(f"Next: `orchestrator new realtime {name} --training {name} --env {env}`")


def _blueprint(kind: str) -> None:
    @command.command(kind, short_help=KINDS[kind], help=_blueprint_help(kind))
    @click.argument("name")
    @click.option("--training", "training_name", metavar="NAME", help="Serve the versions of this training.")
    @click.option("--model-id", metavar="ID", help="Call this model of Bedrock, such as amazon.nova-lite-v1:0.")
    @click.option("--group", metavar="NAME", help="Serve the versions of this model package group; with --input.")
    @click.option("--input", "given", metavar="JSON|TEXT", help="An input that the model of --group can answer.")
    @_env
    @click.pass_context
    def blueprint(
        ctx: click.Context,
        name: str,
        training_name: str | None,
        model_id: str | None,
        group: str | None,
        given: str | None,
        env: str,
    ) -> None:
        from orchestrator.scaffold import blueprint as scaffold

        app: App = ctx.obj
        if sum(each is not None for each in (training_name, model_id, group)) != 1:
            raise click.UsageError("One of `--training`, `--model-id` and `--group` is required, and only one.")
        if (group is None) != (given is None):
            raise click.UsageError("`--group` and `--input` belong together: a deployment sends the input as a test.")
        if training_name is not None:
            new = scaffold.of_training(app.repo, env, kind, name, training_name)
        elif model_id is not None:
            new = scaffold.of_bedrock(app.repo, env, kind, name, model_id)
        else:
            new = scaffold.of_group(app.repo, env, kind, name, group or "", given or "")
        _write(app, new.draft)
        app.console.line(f"Next: `make deploy ENV={env}`")
        if kind in ("realtime", "serverless"):
            app.console.line(f"Then: `{_request(env, name, new.example)}`")


def _blueprint_help(kind: str) -> str:
    return (
        f"Write the file of the {kind} blueprint NAME: for a training, a model of Bedrock, or a model group.\n\n"
        "Its golden cases, which each deployment sends, are those of the training."
    )


for _kind in ("realtime", "serverless", "batch", "async"):
    _blueprint(_kind)


def _request(env: str, name: str, example: object) -> str:
    """Return a command that sends an input."""
    import json
    import shlex

    if isinstance(example, str):
        return f"orchestrator ask {env} {name} {shlex.quote(example)}"
    return f"orchestrator ask {env} {name} --value {shlex.quote(json.dumps(example, ensure_ascii=False))}"


def _write(app: App, draft: Draft) -> None:
    for path in draft.write(app.repo):
        app.console.line(str(path))


def _aligned(app: App, rows: list[tuple[str, ...]]) -> None:
    """Print rows to stderr in columns."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        app.console.say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
