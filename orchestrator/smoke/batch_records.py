"""Write golden cases as records of a batch, in the form in which the blueprint reads its inputs. Pure.

One record is invalid, as far as the form has such: it must come back as an error, in its place.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.config.model.blueprint import Batch
from orchestrator.config.model.golden import GoldenCase
from orchestrator.smoke.answers import WrongAnswer

LEAST = 100
"""The minimum of records for a job of Bedrock's models."""
ROW = "*"
TOO_LONG = "x" * 20_001
"""Longer than any text may be."""


@dataclass(frozen=True)
class Records:
    """The content of an input object.

    Attributes:
        cases: the case of each record; None for the invalid one.
        body: the object's content.
        extension: of the object's name.
        named: whether the records have names.
    """

    cases: list[GoldenCase | None]
    body: bytes
    extension: str
    named: bool

    @property
    def bad(self) -> list[int]:
        """The positions of the invalid records."""
        return [place for place, case in enumerate(self.cases) if case is None]


def name_of(place: int) -> str:
    return f"smoke-record-{place}"


def records(golden: Sequence[GoldenCase], batch: Batch) -> Records:
    """Write each case once, an invalid record, then the cases in turn.

    Raises:
        WrongAnswer: the form of the blueprint's inputs cannot hold the input of a case.
    """
    form = "jsonlines" if batch.format == "auto" else batch.format
    # Every row of Parquet is an object with values of the file's types.
    bad: list[GoldenCase | None] = [] if form == "parquet" and batch.column == ROW else [None]
    cases = [*golden, *bad, *itertools.islice(itertools.cycle(golden), LEAST)]
    extension, write = _FORMS[form]
    return Records(cases, write(cases, batch), extension, form != "text")


def _fields(case: GoldenCase, place: int, batch: Batch) -> dict[str, Any]:
    """Return a record by field or column: its name, and its input or the values of its row."""
    name = {batch.id or "id": name_of(place)}
    if batch.column != ROW:
        return {**name, batch.column or "input": case.input}
    if not isinstance(case.input, Mapping):
        raise WrongAnswer("`batch.column` is `*`, so the input of every golden case must be an object")
    return {**name, **case.input}


def _json_lines(cases: Sequence[GoldenCase | None], batch: Batch) -> bytes:
    lines = (
        '{"input": ' if case is None else json.dumps(_fields(case, place, batch)) for place, case in enumerate(cases)
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _csv(cases: Sequence[GoldenCase | None], batch: Batch) -> bytes:
    rows = [_fields(case, place, batch) if case else None for place, case in enumerate(cases)]
    columns = list(dict.fromkeys(name for row in rows if row for name in row))
    file = io.StringIO()
    delimiter = "\t" if batch.delimiter == "tab" else batch.delimiter
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns] if row else ["x"] * (len(columns) + 1))
    return file.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, list | dict):
        raise WrongAnswer("the golden cases have values that a cell of CSV cannot hold: use JSON Lines or Parquet")
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _text(cases: Sequence[GoldenCase | None], batch: Batch) -> bytes:
    texts = [TOO_LONG if case is None else case.input for case in cases]
    if not all(isinstance(text, str) and "\n" not in text for text in texts):
        raise WrongAnswer("`batch.format` is `text`, so the input of every golden case must be a text of one line")
    return "".join(f"{text}\n" for text in texts).encode()


def _parquet(cases: Sequence[GoldenCase | None], batch: Batch) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    # A row without values: its input is null, which is none.
    rows = [_fields(case, place, batch) if case else {batch.id or "id": ""} for place, case in enumerate(cases)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


_FORMS: dict[str, tuple[str, Callable[[Sequence[GoldenCase | None], Batch], bytes]]] = {
    "jsonlines": ("jsonl", _json_lines),
    "csv": ("csv", _csv),
    "text": ("txt", _text),
    "parquet": ("parquet", _parquet),
}
