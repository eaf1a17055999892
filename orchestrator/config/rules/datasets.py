"""Rules for the files of datasets and trainings, within a file and across files.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from orchestrator.config.images import image_of
from orchestrator.config.model.dataset import Column, Dataset, GlueSource, S3Source
from orchestrator.config.model.platform import Platform
from orchestrator.config.model.training import Framework, TrainingJob
from orchestrator.config.problems import InvalidValue, Problem, nearest
from orchestrator.config.rules import golden, names
from orchestrator.config.yaml_source import Document, Location

METRICS = {
    "classification": ("accuracy", "f1", "precision", "recall", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
}
"""What the evaluation measures by task; a custom one names its own metrics."""
NOT_BUILT = "has no effect in this version: remove it"
"""Rule for keys that the format has and nothing reads yet: they are refused, so that no file relies on them."""
NUMBERS = ("bigint", "double")
SPLIT = "split"
SPLIT_BY = (
    ("stratified", "label", ("string", "bigint", "boolean", "date")),
    ("time", "time", ("timestamp", "date", *NUMBERS)),
)
"""Methods that split by a column, its role, and the types that it may have."""
TABLES = ("csv", "tsv")


def check_dataset(
    environment: str,
    stem: str,
    document: Document,
    dataset: Dataset,
    platform: Platform | None,
    taken: Collection[str] = (),
) -> Iterator[Problem]:
    """Check one dataset; `taken` are names of the platform's own datasets."""
    yield from _check_name(stem, document, dataset.name, taken)
    if dataset.output is not None and dataset.transform is None:
        yield document.problem(("output",), "requires `transform`, which makes these columns", len(dataset.output))
    for place in ("columns", "output"):
        yield from _check_columns(document, place, getattr(dataset, place) or ())
    if dataset.trains:
        yield document.problem(("trains",), NOT_BUILT, dataset.trains)
    if dataset.feature_store.enabled:
        yield document.problem(("feature_store", "enabled"), NOT_BUILT, True)
    yield from _check_format(document, dataset)
    yield from _check_roles(document, dataset)
    yield from _check_split(document, dataset)
    if platform is not None:
        yield from _check_planned(environment, document, dataset, platform)
        yield from _check_source(document, dataset, platform)


def _check_name(stem: str, document: Document, name: str, taken: Collection[str]) -> Iterator[Problem]:
    if name != stem:
        yield document.problem(("name",), f"must equal the name of the file, `{stem}`", name)
    if name in taken:
        yield document.problem(("name",), "is taken by the platform's own: choose another name", name)


def _check_planned(
    environment: str, document: Document, file: Dataset | TrainingJob, platform: Platform
) -> Iterator[Problem]:
    for _, reason in islice(names.refused(names.of_file(environment, platform, file)), 1):
        yield document.problem(("name",), f"makes a name that AWS rejects: {reason}", file.name)


def _check_columns(document: Document, place: str, columns: Sequence[Column]) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, column in enumerate(columns):
        location: Location = (place, position)
        if column.name in seen:
            yield document.problem((*location, "name"), "is a duplicate", column.name)
        seen.add(column.name)
        for key, kinds in (
            ("minimum", NUMBERS), ("maximum", NUMBERS), ("min_length", ("string",)), ("max_length", ("string",)),
            ("pattern", ("string",)),
        ):  # fmt: skip
            value = getattr(column, key)
            if value is not None and column.type not in kinds:
                yield document.problem((*location, key), f"requires type {' or '.join(kinds)}", column.type)
        yield from _check_limits(document, location, column)


def _check_limits(document: Document, location: Location, column: Column) -> Iterator[Problem]:
    for low, high in (("minimum", "maximum"), ("min_length", "max_length")):
        least, most = getattr(column, low), getattr(column, high)
        if least is not None and most is not None and least > most:
            yield document.problem((*location, low), f"must not exceed `{high}` ({most:g})", least)
    if column.pattern is not None:
        try:
            re.compile(column.pattern)
        except re.error as error:
            yield document.problem((*location, "pattern"), f"is not a regular expression: {error}", column.pattern)
    for position, value in enumerate(column.values or ()):
        if not _has_type(value, column.type):
            rule = f"must be a value of type {column.type}"
            yield document.problem((*location, "values", position), rule, value)


def _has_type(value: str | int | float | bool, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind in NUMBERS
    return kind == "double" if isinstance(value, float) else kind in ("string", "timestamp", "date")


def _check_format(document: Document, dataset: Dataset) -> Iterator[Problem]:
    form, given = dataset.format, dataset.format.model_fields_set
    allowed = {"delimiter": ("csv",), "header": TABLES, "quote": TABLES, "encoding": (*TABLES, "json", "jsonlines")}
    for key, kinds in allowed.items():
        if key in given and form.type not in kinds:
            yield document.problem(("format", key), f"requires type {' or '.join(kinds)}", form.type)
    if "format" in dataset.model_fields_set and isinstance(dataset.source, GlueSource):
        yield document.problem(("format",), "cannot be combined with a Glue table, which has its format", form.type)


def _check_roles(document: Document, dataset: Dataset) -> Iterator[Problem]:
    known = [column.name for column in dataset.produced]
    roles = dataset.roles
    named: list[tuple[Location, str]] = [
        (("roles", key), name) for key in ("id", "group", "label", "time") if (name := getattr(roles, key)) is not None
    ]
    named += [(("roles", "features", place), name) for place, name in enumerate(roles.features or ())]
    for location, name in named:
        if name not in known:
            rule = f"is not a column of the {'output' if dataset.output else 'file'}; available: {', '.join(known)}"
            yield document.problem(location, rule, name, nearest(name, known))
    if not dataset.features:
        yield document.problem(("roles",), "leaves no column for models to read", len(known))
    if roles.label is not None and roles.label in dataset.features:
        yield document.problem(("roles", "features"), "must not have the label: models would read it", roles.label)


def _check_split(document: Document, dataset: Dataset) -> Iterator[Problem]:
    method, types = dataset.split.method, {column.name: column.type for column in dataset.produced}
    if SPLIT in types:
        place = "output" if dataset.output else "columns"
        yield document.problem((place,), f"must not have a column `{SPLIT}`, the name of the splits' folders", SPLIT)
    for name, key, kinds in SPLIT_BY:
        role = getattr(dataset.roles, key)
        if method == name and role is None:
            yield document.problem(("split", "method"), f"requires `roles.{key}`", method)
        elif method == name and role in types and types[role] not in kinds:
            rule = f"requires `roles.{key}` to be a {' or '.join(kinds)}; `{role}` is a {types[role]}"
            yield document.problem(("split", "method"), rule, method)
    if dataset.etl.bookmarks == "enable" and (dataset.roles.id is None or method != "group"):
        rule = (
            "requires `roles.id`, which tells new rows from known ones, and `split.method: group`, which moves no rows"
        )
        yield document.problem(("etl", "bookmarks"), rule, "enable")


def _check_source(document: Document, dataset: Dataset, platform: Platform) -> Iterator[Problem]:
    source = dataset.source
    if source.type in ("jdbc", "dynamodb"):
        yield document.problem(("source", "type"), "is not available in this version: no job reads it", source.type)
    databases = sorted(each.database for each in platform.data.sources.values() if each.database)
    if isinstance(source, GlueSource) and source.database not in databases:
        rule = (
            "is not a database in `data.sources` of platform.yaml, whose entries grant access: one names the database, "
            f"one the bucket and folders of its tables; available: {', '.join(databases) or 'none'}"
        )
        yield document.problem(("source", "database"), rule, source.database, nearest(source.database, databases))
    if not isinstance(source, S3Source) or source.external is None or source.prefix is None:
        return
    known = platform.data.sources.get(source.external)
    if known is None or known.bucket is None:
        buckets = sorted(name for name, each in platform.data.sources.items() if each.bucket)
        rule = f"is not a bucket in `data.sources` of platform.yaml; available: {', '.join(buckets) or 'none'}"
        yield document.problem(("source", "external"), rule, source.external, nearest(source.external, buckets))
    elif not source.prefix.startswith(tuple(known.prefixes)):
        rule = f"must be in one of the folders of `data.sources.{source.external}`: {', '.join(known.prefixes)}"
        yield document.problem(("source", "prefix"), rule, source.prefix)


def check_training(
    environment: str,
    stem: str,
    document: Document,
    training: TrainingJob,
    datasets: Mapping[str, Dataset],
    platform: Platform | None,
    taken: Collection[str] = (),
) -> Iterator[Problem]:
    """Check one training against the datasets of its environment; `taken` are names of other model groups."""
    yield from _check_name(stem, document, training.name, taken)
    if platform is not None:
        yield from _check_planned(environment, document, training, platform)
    dataset = datasets.get(training.dataset)
    if dataset is None:
        rule = f"is not a dataset of this environment; available: {', '.join(sorted(datasets)) or 'none'}"
        yield document.problem(("dataset",), rule, training.dataset, nearest(training.dataset, sorted(datasets)))
    else:
        yield from _check_columns_of(document, training, dataset)
    metrics = METRICS.get(training.task)
    if metrics and training.gate.metric not in metrics:
        rule = f"is not measured for task {training.task}; available: {', '.join(metrics)}"
        yield document.problem(("gate", "metric"), rule, training.gate.metric, nearest(training.gate.metric, metrics))
    if training.positive is not None and training.task != "classification":
        yield document.problem(("positive",), "requires `task: classification`", training.task)
    yield from golden.check(document, ("golden",), training.golden, makes="any", texts_only=False)
    yield from golden.check_size(document, ("golden",), training.golden)
    yield from _check_framework(document, training.framework, platform.region if platform else "")
    if training.schedule is not None:
        yield document.problem(("schedule",), NOT_BUILT, training.schedule)
    if training.instance_count > 1:
        yield document.problem(("instance_count",), NOT_BUILT, training.instance_count)


def _check_framework(document: Document, framework: Framework, region: str) -> Iterator[Problem]:
    key = next(key for key in ("name", "algorithm", "image") if getattr(framework, key) is not None)
    if key != "name":
        rule = "is not available in this version: trainings run in the image of a framework (`name`)"
        yield document.problem(("framework", key), rule, getattr(framework, key))
        return
    try:
        image_of(framework, region)
    except InvalidValue as error:
        at = "version" if framework.version else key
        yield document.problem(("framework", at), str(error), getattr(framework, at), error.suggestion)


def _check_columns_of(document: Document, training: TrainingJob, dataset: Dataset) -> Iterator[Problem]:
    known = [column.name for column in dataset.produced]
    for position, name in enumerate(training.slices):
        if name not in known:
            rule = f"is not a column of dataset `{dataset.name}`; available: {', '.join(known)}"
            yield document.problem(("slices", position), rule, name, nearest(name, known))
    if training.task != "custom" and dataset.roles.label is None:
        rule = f"requires `roles.label` of dataset `{dataset.name}`: the column that the model predicts"
        yield document.problem(("task",), rule, training.task)
    label = next((each for each in dataset.produced if each.name == dataset.roles.label), None)
    if training.task == "regression" and label is not None and label.type not in NUMBERS:
        rule = f"requires a number as label; `{label.name}` of dataset `{dataset.name}` is a {label.type}"
        yield document.problem(("task",), rule, training.task)
