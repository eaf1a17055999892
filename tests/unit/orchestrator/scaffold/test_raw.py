"""What form a file of data has."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestrator.errors import PlatformError
from orchestrator.scaffold import raw
from orchestrator.scaffold.raw import Raw

File = Callable[[str, str | bytes], Path]


def form(opened: Raw) -> dict[str, Any]:
    return opened.form.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("name", "content", "given", "names", "row"),
    [
        ("a.csv", "age,city\n1,Bonn\n2,Ulm\n", {}, ("age", "city"), ["1", "Bonn"]),
        ("a.csv", "age;city\n1;Bonn, Rhein\n2;Ulm\n", {"delimiter": ";"}, ("age", "city"), ["1", "Bonn, Rhein"]),
        ("a.csv", "age\tcity\n1\tBonn\n", {"type": "tsv"}, ("age", "city"), ["1", "Bonn"]),
        ("a.tsv", "age\tcity\n1\tBonn\n", {"type": "tsv"}, ("age", "city"), ["1", "Bonn"]),
        ("a.csv", "1,Bonn\n2,Ulm\n", {"header": False}, ("column_1", "column_2"), ["1", "Bonn"]),
        ("a.csv", "good,pos\nbad,neg\nfine,pos\n", {"header": False}, ("column_1", "column_2"), ["good", "pos"]),
        ("a.csv", "text,label\ngood,pos\nbad,neg\n", {}, ("text", "label"), ["good", "pos"]),
        ("a.csv", 'text,n\n"one, ""two""\nthree",1\n', {}, ("text", "n"), ['one, "two"\nthree', "1"]),
        ("a.csv", "text\ngood\nbad\n", {}, ("text",), ["good"]),
        ("a.csv", "\ufeffage\n1\n", {}, ("age",), ["1"]),
        ("a.csv", "größe,n\n1,2\n".encode("cp1252"), {"encoding": "cp1252"}, ("größe", "n"), ["1", "2"]),
        ("a.csv", "größe,n\n1,2\n".encode("utf-16"), {"encoding": "utf-16"}, ("größe", "n"), ["1", "2"]),
        ("a.csv.gz", gzip.compress(b"age,city\n1,Bonn\n"), {}, ("age", "city"), ["1", "Bonn"]),
        ("a.jsonl", '{"a": 1}\n\n{"a": 2, "b": null}\n', {"type": "jsonlines"}, ("a", "b"), [1, None]),
        ("a.json", '[{"a": 1}, {"b": "x"}]', {"type": "json"}, ("a", "b"), [1, None]),
        ("a.json", '{"a": 1}\n{"a": 2}\n', {"type": "jsonlines"}, ("a",), [1]),
    ],
)
def test_the_form_is_found(
    file: File, name: str, content: str | bytes, given: dict[str, Any], names: tuple[str, ...], row: list[Any]
) -> None:
    opened = raw.read(file(name, content))
    assert (form(opened), opened.names) == (given, names)
    assert list(next(opened.rows())) == row


def test_whether_there_is_a_header_can_be_given(file: File) -> None:
    path = file("a.csv", "alpha,beta\ngamma,delta\n")
    assert raw.read(path).form.header
    assert raw.read(path, header=False).names == ("column_1", "column_2")
    assert raw.read(file("b.csv", "1,2\n3,4\n"), header=True).names == ("1", "2")


def test_times_of_parquet_are_pythons(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    times = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns"))
    pq.write_table(pa.table({"at": times, "n": [1]}), path)
    opened = raw.read(path)
    [(at, number)] = opened.rows()
    assert (opened.names, at.isoformat(), number) == (("at", "n"), "2023-11-14T22:13:20.123456", 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", "x", "a.xlsx: the ending must be one of .csv, .tsv, .jsonl, .ndjson, .json, .parquet"),
        ("a.csv", "", "a.csv has no rows"),
        ("a.csv", "age,city\n", "a.csv has a header and no rows"),
        ("a.jsonl", "[1]\n", "a.jsonl cannot be read as jsonlines: line 1 is not an object with named values"),
        ("a.json", "[1, 2]", "a.json cannot be read as json: element is not an object"),
        ("a.json", "{", "a.json cannot be read as json: Expecting property name"),
        ("a.parquet", "PAR1", "a.parquet is not a Parquet file"),
        ("a.csv.gz", "age\n1\n", "a.csv.gz cannot be read as csv: Not a gzipped file"),
    ],
)
def test_other_files_are_refused(file: File, name: str, content: str, message: str) -> None:
    with pytest.raises(PlatformError) as refusal:
        raw.read(file(name, content), header=True if content == "age,city\n" else None)
    assert message in refusal.value.message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"there is no file .*nothing\.csv"):
        raw.read(tmp_path / "nothing.csv")


def test_a_large_json_document_is_refused(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "LARGEST_DOCUMENT", 10)
    with pytest.raises(PlatformError, match="one JSON document of") as refusal:
        raw.read(file("a.json", json.dumps([{"a": 1}, {"a": 2}])))
    assert "JSON Lines" in str(refusal.value.hint)
