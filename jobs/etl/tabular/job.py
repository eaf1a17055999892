"""A run: what it is given, the keys of its objects, and the raw files that it finds."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from tabular.contract import Contract, Transform
from tabular.drift import by_name
from tabular.errors import EtlError
from tabular.files import HEAD_BYTES, PARQUET, Layout, RawFile, folders_of, inspect
from tabular.readers import footer
from tabular.spec import Spec

ROW_KEPT = 2000
"""Characters of a bad record that its quarantine entry holds."""
READERS = 8


@dataclass(frozen=True)
class Input:
    """Where raw files are: in `store`, at the keys of `objects` with their sizes and their folders' values.

    `roots` are URIs of the folders that hold them all.
    """

    store: Any
    name: str
    layout: Layout
    objects: Mapping[str, tuple[int, tuple[str, ...]]]
    roots: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """Arguments of a run. `transform` is the dataset's own."""

    spec: Spec
    run_id: str
    transform: Transform | None = None
    incremental: bool = False

    def __post_init__(self) -> None:
        if self.incremental and (self.spec.roles.id is None or self.spec.split.method != "group"):
            raise EtlError(
                f"dataset '{self.dataset}' cannot take new files only: that needs roles.id, which tells new rows from "
                "known ones, and split.method group, which never moves rows"
            )

    @property
    def dataset(self) -> str:
        return self.spec.name

    @property
    def contract(self) -> Contract:
        return Contract(self.spec, self.transform)

    @property
    def raw(self) -> str:
        return f"data/raw/{self.dataset}/"

    @property
    def processed(self) -> str:
        return f"data/processed/{self.dataset}/"

    @property
    def features(self) -> str:
        return f"data/features/{self.dataset}/"

    @property
    def labels(self) -> str:
        return f"data/features/labels/{self.dataset}/test.jsonl"

    @property
    def quarantine(self) -> str:
        return f"data/quarantine/{self.dataset}/{self.run_id}.jsonl"

    @property
    def report(self) -> str:
        return f"data/processed/_reports/{self.dataset}/{self.run_id}.json"

    @property
    def groups(self) -> str:
        return f"data/processed/_reports/{self.dataset}/{self.run_id}.groups.json"

    def processed_folder(self, folders: tuple[str, ...]) -> str:
        """Return the folder of rows with these values of the folders' columns."""
        pairs = zip(self.spec.partitions, folders, strict=True)
        return self.processed + "".join(f"{name}={value}/" for name, value in pairs)

    def features_folder(self, split: str) -> str:
        return f"{self.features}split={split}/"


def raw_folder(spec: Spec, store: Any, prefix: str) -> Input:
    """Return the files below a folder. Raises `EtlError` for one outside of the dataset's partitions."""
    layout = Layout(spec.format, spec.file_columns, tuple(column.name for column in spec.file_columns))
    sizes = store.sizes(prefix)
    keys = [key for key in sizes if not key.endswith("/")]  # a folder's placeholder has no data
    objects = {key: (sizes[key], folders_of(prefix, key, spec.partitions)) for key in keys}
    return Input(store, store.uri(prefix), layout, objects, (store.uri(prefix),))


def only(given: Input, keys: set[str]) -> Input:
    """Return some of the files."""
    return replace(given, objects={key: each for key, each in given.objects.items() if key in keys})


def inspect_all(job: Job, given: Input) -> list[RawFile]:
    """Inspect the beginning of every raw object, in the order of the keys.

    Raises `EtlError` if there is none, or if one cannot be read.
    """
    if not given.objects:
        new = "new " if job.incremental else ""
        raise EtlError(f"no {new}raw data under {given.name}")

    def look(key: str) -> RawFile:
        size, folders = given.objects[key]
        head = given.store.head(key, HEAD_BYTES) if size else b""
        if given.layout.format.type == "parquet" and head.startswith(PARQUET):
            return _parquet(given, key)
        made = inspect(given.layout, key, size, head, folders)
        wrong = given.layout.format.type == "parquet" and size and not made.refused
        return replace(made, refused="file_is_not_parquet") if wrong else made

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(look, sorted(given.objects)))


def _parquet(given: Input, key: str) -> RawFile:
    size, folders = given.objects[key]
    if key.rsplit("/", 1)[-1].startswith(("_", ".")):
        return RawFile(key, size, folders, refused="hidden_name")
    read = footer(given.store, key, size)
    if read is None:
        return RawFile(key, size, folders, refused="file_is_broken_parquet")
    names, groups = read
    columns = by_name(names, given.layout.columns)
    return RawFile(
        key, size, folders, change=columns.change, places=columns.places, width=columns.width, row_groups=groups
    )


def readable(files: list[RawFile]) -> list[RawFile]:
    return [file for file in files if file.size and not file.refused]


def entry(file: RawFile, line: int, reason: str, size: int, record: bytes) -> dict[str, Any]:
    """Return one line of the quarantine. A file that was refused as a whole has line 0 and no record."""
    return {
        "source": file.source,
        "key": file.key,
        "line": line,
        "reason": reason,
        "bytes": size,
        "row": record[: 4 * ROW_KEPT].decode("utf-8", "backslashreplace")[:ROW_KEPT],
    }


def entry_of_file(file: RawFile) -> dict[str, Any]:
    return entry(file, 0, file.refused or "", file.size, b"")
