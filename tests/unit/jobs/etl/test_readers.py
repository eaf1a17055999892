"""Every form of file gives the records that are in it, in one piece or in several."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tabular.files import RawFile
from tabular.job import Job, inspect_all, raw_folder
from tabular.lines import MAX_LINE_BYTES, numbered_lines
from tabular.readers import Piece, Record, cuts_anywhere, newlines, numbered, pieces, records, whole
from tabular.spec import parse
from tabular.store import FolderStore

from tests.unit.jobs.etl.conftest import Run

COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "bigint"},
    {"name": "name", "type": "string", "required": False},
    {"name": "height_cm", "type": "double", "required": False},
]
PEOPLE = [
    (1, "Ada", 170.5),
    (2, 'Bob "the rock"', None),
    (3, "Cy,\nthe\n\nlong", 181.0),
    (4, None, 1.0),
    (5, "Zoë", 2.0),
]


def document(**form: Any) -> dict[str, Any]:
    return {
        "name": "people", "format": form, "columns": COLUMNS, "roles": {"id": "id"}, "max_quarantine_share": 1.0
    }  # fmt: skip


def csv_text(delimiter: str = ",", header: str | None = "id,name,height_cm") -> str:
    lines = [] if header is None else [header.replace(",", delimiter)]
    for number, name, height in PEOPLE:
        quoted = "" if name is None else '"' + name.replace('"', '""') + '"'
        lines.append(delimiter.join((str(number), quoted, "" if height is None else str(height))))
    return "\n".join(lines) + "\n"


def as_documents() -> list[dict[str, Any]]:
    return [{"id": number, "name": name, "height_cm": height} for number, name, height in PEOPLE]


def json_lines() -> bytes:
    return "\n".join(map(json.dumps, as_documents())).encode()


def parquet(**options: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO()
    table = pa.Table.from_pylist(as_documents())
    pq.write_table(table.append_column("extra", pa.array([datetime(2026, 1, 1)] * 5)), content, **options)
    return content.getvalue()


FORMS: list[tuple[str, dict[str, Any], str, Callable[[], bytes]]] = [
    ("csv", {"type": "csv"}, "a.csv", lambda: csv_text().encode()),
    ("Windows line ends", {"type": "csv"}, "a.csv", lambda: csv_text().replace("\n", "\r\n").encode()),
    ("semicolons", {"type": "csv", "delimiter": ";"}, "a.csv", lambda: csv_text(";").encode()),
    ("no header", {"type": "csv", "header": False}, "a.csv", lambda: csv_text(header=None).encode()),
    ("names as people write them", {"type": "csv"}, "a.csv", lambda: csv_text(header="ID, Name ,Height (cm)").encode()),
    ("a mark", {"type": "csv"}, "a.csv", lambda: csv_text().encode("utf-8-sig")),
    ("tsv with quotes", {"type": "tsv"}, "a.tsv", lambda: csv_text("\t").encode()),
    ("latin-1", {"type": "csv", "encoding": "latin-1"}, "a.csv", lambda: csv_text().encode("latin-1")),
    ("cp1252", {"type": "csv", "encoding": "cp1252"}, "a.csv", lambda: csv_text().encode("cp1252")),
    ("UTF-16", {"type": "csv", "encoding": "utf-16"}, "a.csv", lambda: csv_text().encode("utf-16")),
    ("gzip by name", {"type": "csv"}, "a.csv.gz", lambda: gzip.compress(csv_text().encode())),
    ("gzip as declared", {"type": "csv", "compression": "gzip"}, "a", lambda: gzip.compress(csv_text().encode())),
    ("a document", {"type": "json"}, "a.json", lambda: json.dumps(as_documents(), indent=1).encode()),
    ("JSON lines", {"type": "jsonlines"}, "a.jsonl", json_lines),
    ("packed JSON lines", {"type": "jsonlines"}, "a.gz", lambda: gzip.compress(json_lines())),
    ("Parquet", {"type": "parquet"}, "a.parquet", lambda: parquet()),
    ("Parquet in groups of rows", {"type": "parquet"}, "a.parquet", lambda: parquet(row_group_size=2)),
]  # fmt: skip


@pytest.mark.parametrize(("form", "name", "body"), [each[1:] for each in FORMS], ids=[each[0] for each in FORMS])
def test_every_form_gives_the_same_rows(run: Run, form: dict[str, Any], name: str, body: Callable[[], bytes]) -> None:
    outcome = run(document(**form), {name: body()})
    assert (outcome.error, outcome.reasons) == ("", {})
    rows = [(row["id"], row["name"], row["height_cm"]) for row in outcome.rows("processed")]
    # Inside a cell, line ends are newlines.
    assert rows == PEOPLE
    assert outcome.report["records"] == outcome.report["counts"]["processed"] == 5


def test_cells_that_mean_no_value_are_named(run: Run) -> None:
    outcome = run(document(type="csv", nulls=["", "NA", "?"]), {"a.csv": b"id,name,height_cm\n1,NA,?\n2,,NA\n"})
    assert [tuple(row.values()) for row in outcome.rows("processed")] == [(1, None, None), (2, None, None)]


def test_a_header_may_have_columns_in_any_order_and_more_of_them(run: Run) -> None:
    outcome = run(document(type="csv"), {"a.csv": b",height_cm,city,id,name\n0,1.5,Ulm,7,Ada\n"})
    assert outcome.rows("processed") == [{"id": 7, "name": "Ada", "height_cm": 1.5}]
    [change] = outcome.report["schema_changes"]
    assert (change["kind"], change["detail"], change["refused"]) == ("extra", "(no name), city", False)


def test_optional_columns_may_be_missing_and_required_ones_not(run: Run) -> None:
    outcome = run(document(type="csv"), {"a.csv": b"id\n7\n", "b.csv": b"name,height_cm\nAda,1\n"})
    assert outcome.rows("processed") == [{"id": 7, "name": None, "height_cm": None}]
    assert outcome.reasons == {"schema_missing_columns": 1}
    assert [change["refused"] for change in outcome.report["schema_changes"]] == [False, True]


@pytest.mark.parametrize(
    ("body", "reasons", "good"),
    [
        (b'1,"a"b,1\n2,ok,2\n', {"bad_quotes": 1}, [2]),
        (b'1,"never closed,1\n2,ok,2\n3,"fine",3\n4,ok,4\n', {"unclosed_quote": 3}, [4]),
        (b'1,"never closed,1\n2,ok,2\n', {"unclosed_quote": 2}, []),
        (b'1,a"b,1\n2,ok,2\n', {}, [1, 2]),
        (b"1,\xff,1\n2,ok,2\n", {"not_utf8": 1}, [2]),
        (b"1,a\n2,ok,2\n3,a,b,c\n", {"wrong_column_count": 2}, [2]),
        (b'1,"' + b"x" * (MAX_LINE_BYTES + 9) + b'",1\n2,ok,2\n', {"line_too_long": 1}, [2]),
        (b"\n \n2,ok,2\n\n", {}, [2]),
    ],
)
def test_bad_cells_of_a_table_cost_their_own_rows(
    run: Run, body: bytes, reasons: dict[str, int], good: list[int]
) -> None:
    outcome = run(document(type="csv", header=False), {"a.csv": body})
    assert outcome.reasons == reasons
    assert [row["id"] for row in outcome.rows("processed")] == (good if not outcome.error else [])
    assert outcome.report["counts"]["in"] == sum(reasons.values()) + len(good)
    lines = [entry["line"] for entry in outcome.quarantine]
    assert lines == sorted(lines)


def test_bad_lines_of_json_cost_their_own_records(run: Run) -> None:
    body = (
        b'{"id": 1}\n{"id": \n[1]\n{"id": 2, "name": {"first": "A"}}\n{"id": true}\n'
        + b'{"id":1'
        + b" " * MAX_LINE_BYTES
    )
    outcome = run(document(type="jsonlines"), {"a.jsonl": body})
    assert outcome.reasons == {"id:type": 1, "line_too_long": 1, "not_an_object": 1, "not_json": 1}
    assert [row["name"] for row in outcome.rows("processed")] == [None, '{"first": "A"}']


@pytest.mark.parametrize(
    ("form", "name", "body", "reason"),
    [
        ("csv", "a.csv", lambda: b'{"id": 1}\n', "file_is_json"),
        ("csv", "a.csv", lambda: csv_text().encode("utf-16"), "file_is_utf16"),
        ("csv", "a.csv", parquet, "file_is_parquet"),
        ("csv", "a.csv.gz", lambda: csv_text().encode(), "file_is_not_gzip"),
        ("json", "a.json", lambda: b'{"id": 1}\n{"id": 2}\n', "file_is_json_lines"),
        ("jsonlines", "a.jsonl", lambda: b'[{"id": 1}]', "file_is_json_document"),
        ("jsonlines", "a.jsonl", lambda: b'{\n "id": 1\n}', "file_is_json_document"),
        ("parquet", "a.parquet", lambda: csv_text().encode(), "file_is_not_parquet"),
        ("parquet", "a.parquet", lambda: parquet()[:-20] + b"x" * 20, "file_is_broken_parquet"),
        ("parquet", "_hidden.parquet", parquet, "hidden_name"),
    ],
)
def test_a_file_of_another_form_is_refused_as_a_whole(
    run: Run, form: str, name: str, body: Callable[[], bytes], reason: str
) -> None:
    outcome = run(document(type=form), {name: body()})
    assert [each["reason"] for each in outcome.report["files"]["refused"]] == [reason]
    assert "no usable row" in outcome.error


@pytest.mark.parametrize(
    ("form", "name", "body", "words"),
    [
        ({"type": "csv"}, "a.csv.gz", gzip.compress(csv_text().encode() * 9)[:-8], "(broken_gzip)"),
        ({"type": "json"}, "a.json", b'[{"id": 1}, {"id": ', "(broken_json)"),
        ({"type": "csv", "encoding": "utf-16"}, "a.csv", csv_text().encode("utf-16") + b"\x00\xd8", "(broken_utf16)"),
    ],
)
def test_a_file_that_breaks_off_fails_the_run_whatever_the_limit(
    run: Run, form: dict[str, Any], name: str, body: bytes, words: str
) -> None:
    good = b'[{"id": 9}]' if form["type"] == "json" else csv_text().encode(form.get("encoding", "utf-8"))
    outcome = run(document(**form), {name: body, "good": good})
    assert (
        f"files of dataset 'people' cannot be read to their end: data/raw/people/{name} after record" in outcome.error
    )
    assert words in outcome.error
    assert outcome.report["status"] == "refused"


@pytest.mark.parametrize(("unit", "zone"), [("s", None), ("us", "UTC"), ("ns", None), ("ns", "Europe/Berlin")])
def test_times_of_parquet_are_read_whatever_their_unit(run: Run, unit: str, zone: str | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content, time = io.BytesIO(), datetime(2026, 1, 1, 12, 0, 0, 0 if unit == "s" else 123456)
    table = pa.table({"id": [1], "at": pa.array([time], pa.timestamp(unit, zone)), "n": pa.array([5], pa.int8())})
    pq.write_table(table, content)
    kinds = {"id": "bigint", "at": "timestamp", "n": "double"}
    columns = [{"name": name, "type": kind} for name, kind in kinds.items()]
    outcome = run({**document(type="parquet"), "columns": columns}, {"a": content.getvalue()})
    assert outcome.rows("processed") == [{"id": 1, "at": time, "n": 5.0}]


# ---- pieces ---------------------------------------------------------------------------------------------


def some_text(chance: random.Random) -> bytes:
    lines = [b"x" * chance.choice((0, 1, 2, 3, 7, 40)) + chance.choice((b"", b"\r", b"\t2")) for _ in range(40)]
    return b"\n".join(lines) + chance.choice((b"", b"\n"))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 100])
def test_a_file_gives_the_same_records_however_it_is_cut(tmp_path: Path, size: int) -> None:
    spec = parse(document(type="tsv", quote="", header=False))
    for seed in range(30):
        body = some_text(random.Random(seed))
        folder = tmp_path / str(seed)
        (folder / "data/raw/people").mkdir(parents=True)
        (folder / "data/raw/people/a").write_bytes(body)
        store = FolderStore(folder)
        given = raw_folder(spec, store, "data/raw/people/")
        [file] = inspect_all(Job(spec, "r1"), given)
        at_once = [record for piece in whole(file) for record in records(given.layout, store, piece)]
        cut = pieces(file, size, by_line=True)
        if len(cut) > 1:
            cut = numbered(cut, [newlines(store, piece) for piece in cut])
        assert len(cut) == -(-len(body) // size) or len(body) <= size
        in_pieces = [record for piece in cut for record in records(given.layout, store, piece)]
        assert in_pieces == at_once


def test_only_files_whose_lines_are_records_are_cut() -> None:
    def form(**options: Any) -> Any:
        return parse(document(**options)).format

    assert cuts_anywhere(form(type="jsonlines"))
    assert cuts_anywhere(form(type="tsv", quote=""))
    assert not cuts_anywhere(form(type="csv"))
    assert not cuts_anywhere(form(type="jsonlines", encoding="utf-16"))
    assert not cuts_anywhere(form(type="json"))


def test_lines_end_at_newlines_only() -> None:
    text = "one\u0085two\u2028three\x0bfour"
    assert list(numbered_lines([f"{text}\n\r\n\n2".encode()])) == [(1, text.encode(), 21), (4, b"2", 1)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_do_not_depend_on_how_the_bytes_arrive(size: int) -> None:
    body = b"\n1\t1.0\ta\r\n  \n2\t1.0\tb\n3\t1.0\tc"
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    assert list(numbered_lines(chunks)) == [(2, b"1\t1.0\ta", 8), (4, b"2\t1.0\tb", 7), (5, b"3\t1.0\tc", 7)]


def test_a_huge_line_is_cut_to_its_beginning() -> None:
    chunks = [b"1\t1.0\tok\n2\t1.0\t", *[b"x" * (1 << 20)] * 5, b"\n3\t1.0\tok"]
    lines = list(numbered_lines(chunks))
    assert [(number, size) for number, _, size in lines] == [(1, 8), (2, 6 + 5 * (1 << 20)), (3, 8)]
    assert len(lines[1][1]) == MAX_LINE_BYTES + 1


def test_a_piece_knows_about_how_much_it_reads() -> None:
    file = RawFile("a", 100)
    assert [piece.size for piece in pieces(file, 40, by_line=True)] == [40, 40, 20]
    assert [piece.size for piece in pieces(file, 40)] == [100]
    grouped = RawFile("a", 90, row_groups=(5, 5, 1))
    assert [(piece.before, piece.size) for piece in whole(grouped)] == [(0, 30), (5, 30), (10, 30)]
    assert Record(1, 2, b"ab").values == () == Record(1, 2, b"").values
    assert Piece(file).size == 100
