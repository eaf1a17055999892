"""The file of a dataset, from what was found in a file of data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import folder
from orchestrator.config.model.platform import Environment
from orchestrator.scaffold import guesses, raw
from orchestrator.scaffold.columns import Column, Table, infer
from orchestrator.scaffold.draft import Draft, file_of, require_name, validated
from orchestrator.scaffold.guesses import Guess
from orchestrator.scaffold.templates import filled
from orchestrator.scaffold.yaml_text import flow

LARGEST_SAMPLE = 20 * 1024 * 1024
"""Bytes of a file that is copied into the repository; a larger one is uploaded by the user."""
_FEW_ROWS = 50
_ABOUT = ("licence", "license", "notice", "readme")


@dataclass(frozen=True)
class NewDataset:
    """What a command writes and reports.

    Attributes:
        notes: what a user should know besides the columns.
        upload: the commands that upload the file, if it is too large for the repository.
        task: of a model on the guessed label; `None` without one.
    """

    draft: Draft
    table: Table
    guess: Guess
    notes: tuple[str, ...]
    upload: tuple[str, ...]
    task: str | None


def compose(
    repo: Path,
    env: str,
    name: str,
    source: Path,
    *,
    label: str | None = None,
    id: str | None = None,
    group: str | None = None,
    header: bool | None = None,
) -> NewDataset:
    """Compose the file of a dataset, and check the environment with it.

    Raises:
        PlatformError: the file of data cannot be read, or a given column is not in it.
        ConfigError: the name is not valid, or the environment is not.
    """
    require_name(name, "dataset")
    table = infer(raw.read(source, header=header))
    guess = guesses.roles(table, label=label, id=id, group=group)
    is_sample = source.stat().st_size <= LARGEST_SAMPLE
    sample = f"jobs/datasets/{name}/sample"
    text = _text(name, table, guess, sample if is_sample else None)
    environment = validated(repo, env, folder.DATASETS, name, text)
    draft = Draft({file_of(env, folder.DATASETS, name): text})
    if is_sample:
        draft.copies[Path(sample) / _file_name(source)] = source
    labelled = table.column(guess.label) if guess.label else None
    return NewDataset(
        draft,
        table,
        guess,
        tuple(_notes(table)),
        () if is_sample else tuple(_upload(environment, name, source)),
        guesses.task_of(labelled) if labelled else None,
    )


def described(table: Table, guess: Guess) -> list[tuple[str, ...]]:
    """Return a line for each column: name, type, whether it is required, what was seen, and its role."""
    return [
        (
            column.name,
            column.type,
            "required" if column.required else f"{column.rows - column.present} missing",
            column.seen(),
            "; ".join(filter(None, (guess.reasons.get(column.name, ""), _renamed(column), _oddities(column)))),
        )
        for column in table.columns
    ]


def _text(name: str, table: Table, guess: Guess, sample: str | None) -> str:
    description = f"Rows of {table.raw.path.name}"
    return filled(
        "dataset.yaml.txt",
        name=name,
        description=" ".join(description.split()),
        quoted_description=flow(description),
        sample=_sample(name, sample),
        format=flow(_form(table)),
        columns="\n".join(_column(column) for column in table.columns),
        roles="\n".join(_roles(table, guess)),
        split=_split(guess),
    )


def _sample(name: str, folder: str | None) -> str:
    uploaded = f"uploaded to data/raw/{name}/ before the first training"
    return f"sample: {folder} # {uploaded}" if folder else f"# sample: a folder that is {uploaded}"


def _form(table: Table) -> dict[str, object]:
    given: dict[str, object] = table.form.model_dump(exclude_defaults=True, exclude={"type"})
    markers = sorted({marker for column in table.columns for marker in column.markers})
    if markers:
        given["nulls"] = ["", *markers]
    return {"type": table.form.type, **given}


def _column(column: Column) -> str:
    given: dict[str, object] = {"name": column.name, "type": column.type}
    if not column.required:
        given["required"] = False
    words = "; ".join(filter(None, (column.seen(), _renamed(column), _oddities(column))))
    return f"  - {flow(given)} # {' '.join(words.split())}"


def _renamed(column: Column) -> str:
    return f"{json.dumps(column.original, ensure_ascii=False)} in the file" if column.original != column.name else ""


def _oddities(column: Column) -> str:
    if column.odd:
        value, _ = column.odd.most_common(1)[0]
        return f"{column.odd.total()} values do not have this type, such as {value[:30]!r}"
    if column.markers:
        return f"missing is written {', '.join(sorted(column.markers))}"
    return "nested, kept as JSON text" if column.nested else ""


def _roles(table: Table, guess: Guess) -> list[str]:
    lines = []
    for role, meaning in (
        ("id", "unique; models do not read it"),
        ("group", "its rows stay in one split; models do not read it"),
        ("label", "what models predict"),
    ):
        column = getattr(guess, role)
        if column is not None:
            lines.append(
                f"  {role}: {flow(column)} # {meaning}{'. A guess' if 'guess' in guess.reasons[column] else ''}"
            )
    if guess.id is None:
        lines.append("  # id: a column with a unique value in each row; without it, a hash of the row")
    if guess.group is None:
        lines.append("  # group: a column, such as a patient or a shop, whose rows must stay in one split")
    if guess.label is None:
        lines.append("  # label: the column that models predict; classification and regression require it")
    for column in table.columns:
        if "could be `roles.time`" in guess.reasons.get(column.name, ""):
            lines.append(f"  # time: {flow(column.name)} # for `split: {{method: time}}`: the newest rows are the test")
    if len(lines) and all(line.lstrip().startswith("#") for line in lines):
        lines.insert(0, "  {}")
    return lines


def _split(guess: Guess) -> str:
    if guess.stratified:
        return "{method: stratified, train: 0.8, validation: 0.1, test: 0.1} # each label has these shares. A guess"
    what = "groups stay whole" if guess.group else "rows go by a hash, so that new ones never move old ones"
    return f"{{method: group, train: 0.8, validation: 0.1, test: 0.1}} # {what}"


def _notes(table: Table) -> list[str]:
    notes = []
    if not table.complete:
        notes.append(f"only the first {table.rows:,} rows were read: check types and `required` of rare values")
    if table.uneven:
        notes.append(f"{table.uneven} rows have another number of cells than the columns; they go into quarantine")
    if table.nameless:
        places = ", ".join(map(str, table.nameless))
        notes.append(f"column {places} has no usable name and is left out; name it in the file to keep it")
    if table.rows < _FEW_ROWS:
        notes.append(f"{table.rows} rows are few: a split may be too small to measure anything")
    return notes


def _upload(environment: Environment, name: str, source: Path) -> Iterator[str]:
    platform = environment.platform
    if environment.is_local:
        yield f'eval "$(orchestrator emulator env {environment.name})"'
    account = platform.account_id or "$(aws sts get-caller-identity --query Account --output text)"
    bucket = f"{environment.name_prefix}-data-{account}-{platform.region}"
    yield f"aws s3 cp {json.dumps(str(source))} s3://{bucket}/data/raw/{name}/"


def _file_name(source: Path) -> str:
    """Return a name for the copy: hidden files and those about the data, such as a licence, are not uploaded."""
    name = source.name.lstrip("._").replace(" ", "_")
    return f"data-{name}" if name.lower().startswith(_ABOUT) else name
