"""The specification of a dataset: the JSON form of its file, without what concerns only its deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabular.errors import EtlError

TYPES = ("string", "bigint", "double", "boolean", "timestamp", "date")
FORMATS = ("csv", "tsv", "json", "jsonlines", "parquet")
METHODS = ("group", "stratified", "time")
SOURCES = ("s3", "glue")
GENERATED_ID = "row_id"
"""Column with the id of rows that bring none."""
SPLIT_FOLDER = "split"
"""Key of the folders of data/features/, which no column may have: Glue refuses a name used twice."""
NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Column:
    """A column and what its values must be. `values`: the only valid ones."""

    name: str
    type: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Format:
    """Form of the raw files. `nulls`: cells of CSV and TSV that mean no value; `compression`: auto, none or gzip."""

    type: str = "csv"
    header: bool = True
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    compression: str = "auto"
    nulls: tuple[str, ...] = ("",)
    skipped: int = 0
    """Lines at the beginning of a file that hold no record, as tables of the catalogue may have."""

    @property
    def table(self) -> bool:
        return self.type in ("csv", "tsv")


@dataclass(frozen=True)
class Roles:
    """Names of columns with a meaning. Without `id` it is a hash of the row; without `group` each row is alone."""

    id: str | None = None
    group: str | None = None
    label: str | None = None
    time: str | None = None


@dataclass(frozen=True)
class Split:
    method: str = "group"
    seed: str = "v1"
    train: float = 0.8
    validation: float = 0.1
    test: float = 0.1


@dataclass(frozen=True)
class Spec:
    """A dataset. `document` is what it was parsed from."""

    name: str
    source: Mapping[str, Any]
    format: Format
    columns: tuple[Column, ...]
    output: tuple[Column, ...]
    """Of the rows that are written: a generated id comes first, the folders' columns come last."""
    folder_columns: tuple[Column, ...]
    """Columns whose values are in the names of the raw files' folders, as in `source=<value>/`."""
    roles: Roles
    split: Split
    max_quarantine_share: float
    transforms: bool
    document: Mapping[str, Any]

    @property
    def partitions(self) -> tuple[str, ...]:
        """Names of the folders' columns."""
        return tuple(column.name for column in self.folder_columns)

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """Columns that the raw files hold, in order."""
        return tuple(column for column in self.columns if column.name not in self.partitions)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """Columns that processed files hold."""
        return self.output[: len(self.output) - len(self.folder_columns)]

    @property
    def id(self) -> str:
        """Name of the column with the rows' id."""
        return self.roles.id or GENERATED_ID

    def column(self, name: str) -> Column:
        return next(column for column in self.output if column.name == name)


def parse(document: Mapping[str, Any]) -> Spec:
    """Parse a specification. Raises `EtlError` with the key that is wrong."""
    columns = _columns(document, "columns")
    declared = _columns(document, "output") if document.get("output") else columns
    partitions = tuple(document.get("partitions") or ())
    folders = _folder_columns(columns, partitions)
    roles = Roles(**{key: (document.get("roles") or {}).get(key) for key in ("id", "group", "label", "time")})
    generated = () if roles.id else (Column(GENERATED_ID, "string"),)
    spec = Spec(
        name=_text(document, "name"),
        source=document.get("source") or {"type": "s3"},
        format=_format(document.get("format") or {}),
        columns=columns,
        output=(*generated, *(column for column in declared if column.name not in partitions), *folders),
        folder_columns=folders,
        roles=roles,
        split=_split(document.get("split") or {}),
        max_quarantine_share=float(document.get("max_quarantine_share", 0.05)),
        transforms=bool(document.get("transform")),
        document=document,
    )
    _check(spec)
    return spec


def _folder_columns(columns: Sequence[Column], partitions: Sequence[str]) -> tuple[Column, ...]:
    declared = {column.name: column for column in columns}
    return tuple(declared.get(name) or Column(name, "string") for name in partitions)


def _columns(document: Mapping[str, Any], key: str) -> tuple[Column, ...]:
    known = Column.__dataclass_fields__
    made = []
    for place, entry in enumerate(document.get(key) or ()):
        values = {name: entry[name] for name in known if entry.get(name) is not None}
        if not NAME.fullmatch(str(values.get("name", ""))) or values.get("type") not in TYPES:
            raise EtlError(f"spec: {key}[{place}] must have a name of a-z, 0-9 and _ and one of the types {TYPES}")
        if "values" in values:
            values["values"] = tuple(values["values"])
        made.append(Column(**values))
    if not made:
        raise EtlError(f"spec: {key} has no column")
    return tuple(made)


def _format(section: Mapping[str, Any]) -> Format:
    values = {name: section[name] for name in Format.__dataclass_fields__ if section.get(name) is not None}
    if "nulls" in values:
        values["nulls"] = tuple(values["nulls"])
    made = Format(**values)
    if made.type not in FORMATS:
        raise EtlError(f"spec: format.type must be one of {FORMATS}, not '{made.type}'")
    return made if made.type != "tsv" else Format(**{**values, "delimiter": "\t"})


def _split(section: Mapping[str, Any]) -> Split:
    made = Split(**{name: section[name] for name in Split.__dataclass_fields__ if section.get(name) is not None})
    shares = (made.train, made.validation, made.test)
    if made.method not in METHODS or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise EtlError(f"spec: split must have one of the methods {METHODS} and shares that add up to 1, not {made}")
    return made


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise EtlError(f"spec: {key} is missing")
    return value


def _check(spec: Spec) -> None:
    names = [column.name for column in spec.output]
    if spec.source.get("type") not in SOURCES:
        raise EtlError(f"spec: source.type must be one of {SOURCES}, not '{spec.source.get('type')}'")
    for place, columns in (("columns", spec.columns), ("output", spec.output)):
        listed = [column.name for column in columns]
        if len(set(listed)) < len(listed):
            raise EtlError(f"spec: {place} has a name twice: {listed}")
    if SPLIT_FOLDER in names:
        raise EtlError(f"spec: no column of the output may be called '{SPLIT_FOLDER}', which folders are called")
    for role in ("id", "group", "label", "time"):
        name = getattr(spec.roles, role)
        if name is not None and name not in names:
            raise EtlError(f"spec: roles.{role} is '{name}', which is none of the columns {names}")
    _check_method(spec)


def _check_method(spec: Spec) -> None:
    method, roles = spec.split.method, spec.roles
    if method == "stratified" and (roles.label is None or spec.column(roles.label).type == "double"):
        raise EtlError("spec: split.method stratified needs roles.label, a column with few values and not a double")
    if method == "time" and (roles.time is None or spec.column(roles.time).type in ("string", "boolean")):
        raise EtlError("spec: split.method time needs roles.time, a column of type timestamp, date or a number")
