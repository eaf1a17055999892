"""A specification is parsed, and one that the job cannot follow is refused with the key that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from tabular.errors import EtlError
from tabular.spec import Column, Format, parse

from tests.unit.jobs.etl.conftest import NOTES


def test_a_specification_knows_where_its_columns_are() -> None:
    spec = parse(NOTES)
    assert [column.name for column in spec.file_columns] == ["id", "rating", "text"]
    assert [column.name for column in spec.stored_columns] == ["note", "author", "rating", "label", "text"]
    assert spec.output[-1] == Column("source", "string")
    assert (spec.id, spec.format.delimiter, spec.transforms, spec.max_quarantine_share) == ("note", "\t", True, 0.05)


def test_only_name_and_columns_must_be_there() -> None:
    spec = parse({"name": "d", "columns": [{"name": "a", "type": "string"}]})
    assert (spec.source, spec.format, spec.split.method, spec.partitions) == ({"type": "s3"}, Format(), "group", ())
    assert [column.name for column in spec.output] == ["row_id", "a"]


def test_keys_of_the_deployment_and_empty_ones_do_not_matter() -> None:
    column = {"name": "a", "type": "string", "values": None, "pattern": None, "minimum": None}
    document = {
        **{"name": "d", "kind": "dataset", "columns": [column], "output": None, "transform": None, "sample": "x"},
        **{"roles": {"id": "a", "features": None}, "etl": {"workers": 3}, "schedule": None, "trains": True},
    }
    assert parse(document).columns == (Column("a", "string"),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "name is missing"),
        ({"columns": []}, "columns has no column"),
        ({"columns": [{"name": "a", "type": "text"}]}, r"columns\[0\] must have a name"),
        ({"columns": [{"name": "A", "type": "string"}]}, r"columns\[0\] must have a name"),
        ({"output": [{"name": "split", "type": "string"}]}, "may be called 'split'"),
        ({"columns": [*NOTES["columns"], NOTES["columns"][0]]}, "columns has a name twice"),
        ({"format": {"type": "xml"}}, "format.type must be one of"),
        ({"source": {"type": "ftp"}}, "source.type must be one of"),
        ({"roles": {"label": "stars"}}, "roles.label is 'stars', which is none of the columns"),
        ({"split": {"method": "random"}}, "split must have one of the methods"),
        ({"split": {"train": 0.9}}, "shares that add up to 1"),
        ({"split": {"method": "time"}}, "needs roles.time"),
        ({"split": {"method": "time"}, "roles": {"time": "text"}}, "needs roles.time, a column of type timestamp"),
        ({"split": {"method": "stratified"}, "roles": {}}, "needs roles.label"),
        ({"split": {"method": "stratified"}, "roles": {"label": "rating"}}, "not a double"),
    ],
)
def test_what_cannot_be_followed_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(EtlError, match=words):
        parse({**NOTES, **change})
