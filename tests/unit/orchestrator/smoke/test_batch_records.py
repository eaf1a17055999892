"""The smoke test of a batch writes what the submitter reads: the same inputs, names and one invalid record."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyarrow import parquet

from inference_common import records as readers
from orchestrator.config.model.blueprint import Batch
from orchestrator.config.model.golden import GoldenCase
from orchestrator.smoke.answers import WrongAnswer
from orchestrator.smoke.batch_records import LEAST, name_of, records

TEXTS = ["fine, really", 'it says "no"']
ROWS = [{"age": 59, "city": "Ulm"}, {"age": 0.5, "city": "Bad; Homburg"}]


def cases(inputs: list[Any]) -> list[GoldenCase]:
    return [GoldenCase.model_validate({"input": value, "schema": {}}) for value in inputs]


def layout(batch: Batch) -> readers.Layout:
    delimiter = "\t" if batch.delimiter == "tab" else batch.delimiter
    return readers.Layout(batch.column, delimiter, batch.id, batch.types)


@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        ({}, [*TEXTS, 7, [1, 2], {"a": 1}]),
        ({"format": "jsonlines", "column": "question", "id": "ticket"}, [*TEXTS, {"a": 1}]),
        ({"column": "*"}, ROWS),
        ({"format": "csv"}, TEXTS),
        ({"format": "csv", "column": "question", "delimiter": ";", "id": "ticket"}, TEXTS),
        ({"format": "csv", "column": "*", "delimiter": "tab", "types": {"age": "double"}}, ROWS),
        ({"format": "text"}, TEXTS),
    ],
)
def test_what_is_written_is_read_again(options: dict[str, Any], inputs: list[Any]) -> None:
    batch = Batch.model_validate(options)
    written = records(cases(inputs), batch)
    form = "jsonlines" if batch.format == "auto" else batch.format
    payload = list(readers.read(form, [written.body], layout(batch)))
    assert len(payload) == len(written.cases) == len(inputs) + 1 + LEAST
    assert [place for place, each in enumerate(payload) if each.error] == written.bad == [len(inputs)]
    for place, (case, each) in enumerate(zip(written.cases, payload, strict=True)):
        if case is not None:
            assert (each.input, each.id) == (case.input, name_of(place) if written.named else None)


def test_parquet_has_an_invalid_record_unless_rows_are_objects() -> None:
    written = records(cases(TEXTS), Batch(format="parquet", column="question"))
    rows = parquet.read_table(io.BytesIO(written.body)).to_pylist()
    assert rows[:3] == [
        {"id": "smoke-record-0", "question": TEXTS[0]},
        {"id": "smoke-record-1", "question": TEXTS[1]},
        {"id": "", "question": None},
    ]
    assert written.bad == [2]
    written = records(cases(ROWS), Batch(format="parquet", column="*"))
    assert parquet.read_table(io.BytesIO(written.body)).to_pylist()[0] == {"id": "smoke-record-0", **ROWS[0]}
    assert written.bad == []


@pytest.mark.parametrize(
    ("options", "value", "message"),
    [
        ({"column": "*"}, "text", "the input of every golden case must be an object"),
        ({"format": "csv"}, {"a": 1}, "a cell of CSV cannot hold"),
        ({"format": "text"}, 7, "must be a text of one line"),
        ({"format": "text"}, "two\nlines", "must be a text of one line"),
    ],
)
def test_a_case_that_the_form_cannot_hold_is_reported(options: Any, value: Any, message: str) -> None:
    with pytest.raises(WrongAnswer, match=message):
        records(cases([value]), Batch.model_validate(options))
