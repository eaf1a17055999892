"""The arguments of a run and the keys of its objects."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from reviews.errors import EtlError
from reviews.files import HEAD_BYTES, RawFile, inspect, source_of

ROW_KEPT = 2000
"""Characters of a bad row that its quarantine entry holds."""
READERS = 8


@dataclass(frozen=True)
class Job:
    """Arguments of a run. `max_quarantine_share`: of rows, or of bytes in refused files, from 0 to 1."""

    dataset: str
    run_id: str
    split_seed: str
    max_quarantine_share: float = 0.05
    incremental: bool = False

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


def inspect_all(job: Job, store: Any, only: Mapping[str, int] | None = None) -> list[RawFile]:
    """Inspect the first bytes of every raw object of the dataset, in the order of the keys.

    Args:
        only: keys and sizes to inspect instead of the folder's listing.

    Raises `EtlError` if there is none, if one is outside every partition, or if one cannot be read.
    """
    sizes = dict(only if only is not None else store.sizes(job.raw))
    keys = sorted(key for key in sizes if not key.endswith("/"))  # a folder's placeholder has no data
    if not keys:
        new = "" if only is None else "new "
        raise EtlError(f"no {new}raw data under {store.uri(job.raw)}")
    for key in keys:
        source_of(job.raw, key)

    def look(key: str) -> RawFile:
        return inspect(job.raw, key, sizes[key], store.head(key, HEAD_BYTES) if sizes[key] else b"")

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(look, keys))


def entry(source: str, key: str, line: int, reason: str, size: int, row: bytes) -> dict[str, Any]:
    """Return one line of the quarantine. A file that was refused as a whole has line 0 and no row."""
    return {
        "source": source,
        "key": key,
        "line": line,
        "reason": reason,
        "bytes": size,
        "row": row[: 4 * ROW_KEPT].decode("utf-8", "backslashreplace")[:ROW_KEPT],
    }


def entry_of_file(file: RawFile) -> dict[str, Any]:
    return entry(file.source, file.key, 0, file.refused or "", file.size, b"")
