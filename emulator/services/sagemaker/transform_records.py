"""Records of a batch transform: splitting objects, batching requests, filtering, joining and assembling.

Pure: bytes in, bytes out. The rules are those of SplitType, BatchStrategy, AssembleWith and DataProcessing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

CSV_TYPE, JSON_TYPES = "text/csv", ("application/json", "application/jsonlines", "application/x-jsonlines")
JOINED = "SageMakerOutput"
"""Member of a joined object record that holds the model's answer."""
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[([^\]]*)\]")


class BadData(Exception):
    """Data that do not match the job's configuration; a ClientError of the job."""


def split(data: bytes, split_type: str) -> list[bytes]:
    """Return the records of one object. Lines lose their ends, and empty ones are skipped."""
    if split_type == "None":
        return [data]
    return [line for line in data.replace(b"\r\n", b"\n").split(b"\n") if line.strip()]


def batches(records: Sequence[bytes], strategy: str, most_bytes: int) -> Iterator[list[bytes]]:
    """Yield the records of each request. Raise `BadData` for a record that exceeds the largest request."""
    batch: list[bytes] = []
    size = 0
    for record in records:
        if most_bytes and len(record) > most_bytes:
            raise BadData(f"a record of {len(record)} bytes is larger than MaxPayloadInMB allows ({most_bytes} bytes)")
        if batch and (strategy == "SingleRecord" or (most_bytes and size + len(record) + 1 > most_bytes)):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record) + 1
    if batch:
        yield batch


def request_body(records: Sequence[bytes], split_type: str) -> bytes:
    return records[0] if split_type == "None" else b"\n".join(records) + b"\n" * (len(records) > 1)


def assemble(answers: Sequence[bytes], assemble_with: str) -> bytes:
    """Join all answers to one object. `Line` ends each of them with a newline, unless it has one."""
    if assemble_with == "None":
        return b"".join(answers)
    return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)


@dataclass(frozen=True)
class DataProcessing:
    """The parts of a record that the model gets, and the parts of record and answer in the output."""

    input_filter: str = "$"
    output_filter: str = "$"
    join: bool = False

    def into(self, record: bytes, content_type: str) -> bytes:
        if self.input_filter == "$":
            return record
        return _written(choose(_read(record, content_type), self.input_filter), content_type)

    def out_of(self, records: Sequence[bytes], answer: bytes, content_type: str, accept: str) -> bytes:
        """Return the records with their answers, one line each."""
        answers = _answers(answer, len(records), accept)
        if len(answers) != len(records):
            raise BadData(f"cannot join {len(records)} records with {len(answers)} answers: their numbers differ")
        lines = []
        for record, answered in zip(records, answers, strict=True):
            value: Any = _joined(_read(record, content_type), answered) if self.join else answered
            lines.append(_written(choose(value, self.output_filter), content_type if self.join else accept))
        return b"\n".join(lines) + b"\n"


def _answers(answer: bytes, count: int, accept: str) -> list[Any]:
    lines = split(answer, "Line")
    if count == 1 and len(lines) != 1:
        return [_read(answer, accept)]
    return [_read(line, accept) for line in lines]


def _joined(record: Any, answer: Any) -> Any:
    if isinstance(record, dict):
        return {**record, JOINED: answer}
    if isinstance(record, list):
        return [*record, *(answer if isinstance(answer, list) else [answer])]
    raise BadData("only records that are objects, arrays or lines of CSV can be joined with their answers")


def choose(value: Any, path: str) -> Any:
    """Return the part of a record that a JSONPath of the supported kind names."""
    if not path.startswith("$") or _STEP.sub("", path[1:]):
        raise BadData(f"the filter {path} is not a JSONPath that batch transform supports")
    for name, inner in _STEP.findall(path[1:]):
        value = _member(value, name, path) if name else _bracket(value, inner, path)
    return value


def _member(value: Any, name: str, path: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise BadData(f"the filter {path} matches nothing in a record")
    return value[name]


def _bracket(value: Any, inner: str, path: str) -> Any:
    parts = [part.strip() for part in inner.split(",")]
    if all(part[:1] in ("'", '"') for part in parts):
        names = [part.strip("'\"") for part in parts]
        members = {name: _member(value, name, path) for name in names}
        return members[names[0]] if len(names) == 1 else members
    if not isinstance(value, list):
        raise BadData(f"the filter {path} matches no array in a record")
    try:
        if ":" in inner:
            first, last = (int(part) if part else None for part in inner.split(":"))
            return value[first:last]
        chosen = [value[int(part)] for part in parts]
    except (ValueError, IndexError) as error:
        raise BadData(f"the filter {path} matches nothing in a record") from error
    return chosen[0] if len(chosen) == 1 else chosen


def _read(record: bytes, content_type: str) -> Any:
    kind = content_type.split(";")[0].strip().lower()
    if kind == CSV_TYPE:
        return next(csv.reader(io.StringIO(record.decode())), [])
    if kind not in JSON_TYPES:
        raise BadData(f"DataProcessing is for {CSV_TYPE} and JSON, not for {kind or 'data without a type'}")
    try:
        return json.loads(record)
    except (ValueError, RecursionError) as error:
        raise BadData(f"a record is not valid JSON: {error}") from error


def _written(value: Any, content_type: str) -> bytes:
    if content_type.split(";")[0].strip().lower() != CSV_TYPE:
        return json.dumps(value, ensure_ascii=False).encode()
    target = io.StringIO()
    csv.writer(target, lineterminator="").writerow(value if isinstance(value, list) else [value])
    return target.getvalue().encode()
