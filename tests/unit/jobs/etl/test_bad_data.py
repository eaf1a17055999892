"""Bad data of every kind: it ends in quarantine or in a failure that says what is wrong, and the counts add up."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tabular import plain_runner
from tabular.errors import EtlError
from tabular.job import Job, raw_folder
from tabular.report import imbalances
from tabular.spec import parse
from tabular.store import S3Store

from data_validation import rules
from tests.unit.jobs.etl.conftest import NOTES, RAW, Outcome, Run, good_rows

A, B, M = "source=amazon/a.txt", "source=amazon/b.txt", "source=movie/m.txt"
GOOD = good_rows(200)
MANY = {"max_quarantine_share": 1.0}
"""A limit that nothing exceeds: what is bad goes to quarantine, what is good goes on."""


def changed(old: bytes, new: bytes) -> bytes:
    """Good rows of which one is bad."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def bad_row(line: bytes) -> dict[str, bytes]:
    return {A: GOOD + line + b"\n"}


def utf16(rows: bytes) -> bytes:
    return rows.decode().encode("utf-16")


def zipped(rows: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", rows)
    return content.getvalue()


def parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "rating": [1.5], "text": ["a"]}), content)
    return content.getvalue()


def columns(order: str) -> bytes:
    """Good rows with their cells in another order, or fewer or more of them."""
    rows = [line.split(b"\t") for line in GOOD.splitlines()]
    names = {"i": 0, "r": 1, "t": 2}
    return b"".join(b"\t".join(row[names[name]] for name in order) + b"\n" for row in rows)


ROWS: list[tuple[str, dict[str, bytes], dict[str, int]]] = [
    ("latin-1", bad_row("9\t1.0\tcafé".encode("latin-1")), {"not_utf8": 1}),
    ("an extra column in one row", bad_row(b"9\t1.0\ta\tb"), {"wrong_column_count": 1}),
    ("a missing column in one row", bad_row(b"9\t1.0"), {"wrong_column_count": 1}),
    ("a header as expected", {A: b"id\trating\ttext\n" + GOOD}, {"header_line": 1}),
    ("an id twice in one file", bad_row(b"1_1\t1.0\tagain"), {"duplicate_id": 1}),
    ("an id twice in two files", {A: GOOD, B: b"1_1\t1.0\tagain\n"}, {"duplicate_id": 1}),
    ("a rating above the range", bad_row(b"9\t4.5\ta"), {"rating:maximum": 1}),
    ("a rating that is NaN", bad_row(b"9\tNaN\ta"), {"rating:type": 1}),
    ("a rating without end", bad_row(b"9\tinf\ta"), {"rating:type": 1}),
    ("a rating in words", bad_row(b"9\tvery good\ta"), {"rating:type": 1}),
    ("a rating with a comma", bad_row(b"9\t1,5\ta"), {"rating:type": 1}),
    ("no rating", bad_row(b"9\t\ta"), {"rating:required": 1}),
    ("no text", bad_row(b"9\t1.0\t"), {"text:required": 1}),
    ("a text of blanks", bad_row("9\t1.0\t \u2003\u00a0".encode()), {"empty_text": 1}),
    ("a tab in the text", bad_row(b'9\t1.0\t"a\tb"'), {"wrong_column_count": 1}),
    ("an id with a blank", bad_row(b"9 9\t1.0\ta"), {"id:pattern": 1}),
    ("a huge id", bad_row(b"9" * 400 + b"\t1.0\ta"), {"id:pattern": 1}),
    ("no id", bad_row(b"\t1.0\ta"), {"id:required": 1}),
    ("a line of 50 MB", bad_row(b"9\t1.0\t" + b"x" * 50_000_000), {"line_too_long": 1}),
    ("one JSON line", bad_row(b'{"id": 9, "rating": 1.0}'), {"wrong_column_count": 1}),
    ("a file of another schema beside a good one", {A: GOOD, M: columns("irtt")}, {"schema_extra_columns": 200}),
    ("all rows bad in one of two files", {A: GOOD, M: b"?\t?\t?\n" * 9}, {"id:pattern": 9}),
]
"""Kind, raw objects, reasons of the rows in quarantine. The other rows go on."""

ACCEPTED: list[tuple[str, dict[str, bytes]]] = [
    ("UTF-8 with a byte order mark", {A: b"\xef\xbb\xbf" + GOOD}),
    ("Windows line ends", {A: GOOD.replace(b"\n", b"\r\n")}),
    ("no newline at the end", {A: GOOD.rstrip(b"\n")}),
    ("unicode line separators in a text", {A: changed(b"number 7\n", "number\u20287\u0085\n".encode())}),
    ("quotes in a text", {A: changed(b"number 7\n", b'"number" 7\'\n')}),
    ("a rating of negative zero", {A: changed(b"\t-1.5\tnote number 7\n", b"\t-0.0\tnote number 7\n")}),
    ("an empty file beside a good one", {A: GOOD, M: b""}),
    ("a folder within a partition", {"source=amazon/2026/a.txt": GOOD}),
    ("a name with signs of patterns", {"source=amazon/a[1]*.txt": GOOD}),
    ("gzip under its own name", {"source=amazon/a.txt.gz": gzip.compress(GOOD)}),
    ("gzip in several members", {"source=amazon/a.gz": gzip.compress(GOOD[:999]) + gzip.compress(GOOD[999:])}),
    ("a file of blank lines beside a good one", {A: GOOD, M: b" \n\t\n\r\n"}),
]

FILES: list[tuple[str, dict[str, bytes | Callable[[], bytes]], str]] = [
    ("UTF-16", {M: utf16(GOOD)}, "file_is_utf16"),
    ("UTF-16 without its mark", {M: utf16(GOOD)[2:]}, "file_is_binary"),
    ("gzip under the name of a text", {M: gzip.compress(GOOD)}, "file_is_gzip"),
    ("a text under the name of gzip", {"source=movie/m.txt.gz": GOOD}, "file_is_not_gzip"),
    ("gzip cut off", {M: gzip.compress(GOOD)[:40]}, "file_is_gzip"),
    ("bzip2", {M: bz2.compress(GOOD)}, "file_is_bzip2"),
    ("zip", {M: zipped(GOOD)}, "file_is_zip"),
    ("JSON lines", {M: b'{"id": 1, "rating": 1.5, "text": "a"}\n'}, "file_is_json"),
    ("a JSON document", {M: b' [\n {"id": 1}\n]'}, "file_is_json"),
    ("Parquet", {M: parquet}, "file_is_parquet"),
    ("old Macintosh line ends", {M: GOOD.replace(b"\n", b"\r")}, "lines_end_in_cr"),
    ("a hidden name", {"source=movie/_m.txt": GOOD}, "hidden_name"),
]
"""Kind, raw objects beside a good one, reason for which the file is refused as a whole. Parquet is made on
demand, so that collecting tests does not import its library."""

SCHEMAS: list[tuple[str, bytes, str, str]] = [
    ("extra", columns("irtt"), "extra", "4 columns instead of 3"),
    ("missing", columns("ir"), "missing", "2 columns instead of 3"),
    ("reordered", columns("tri"), "reordered", "text, rating, id"),
    ("swapped", columns("rit"), "reordered", "rating, id, text"),
    ("renamed in the header", b"id\tstars\ttext\n" + GOOD, "renamed", "rating is stars"),
    ("reordered in the header", b"text\trating\tid\n" + columns("tri"), "reordered", "text, rating, id"),
    ("extra in the header", b"id\trating\ttext\tlang\n" + columns("irtt"), "extra", "lang"),
    ("missing in the header", b"id\ttext\n" + columns("it"), "missing", "rating"),
]

FAILURES: list[tuple[str, dict[str, bytes], str]] = [
    ("nothing at all", {}, "no raw data under"),
    ("an empty file alone", {A: b""}, "no usable row in 1 file(s) of dataset 'notes' (0 left out): 0 of 0 rows"),
    ("blanks alone", {A: b" \n\n"}, "no usable row"),
    ("all ratings zero", {A: b"1\t0\ta\n2\t-0.0\tb\n"}, "no usable row in 1 file(s) of dataset 'notes' (2 left out)"),
    ("all rows bad", {A: b"?\t?\t?\n" * 9}, "9 of 9 rows and 0 of 1 files are in quarantine; reasons: id:pattern 9"),
    ("a file outside of the partitions", {A: GOOD, "stray.txt": GOOD}, "'data/raw/notes/stray.txt' is not under"),
    ("another partition's name", {A: GOOD, "src=movie/m.txt": GOOD}, "is not under 'data/raw/notes/source=<value>/'"),
    ("the same file twice", {A: GOOD, B: GOOD}, "quarantine of dataset 'notes' is 50.0%, limit 5.0%"),
    ("gzip cut off under its own name", {A: GOOD, "source=movie/m.gz": gzip.compress(GOOD)[:-9]}, "m.gz after record"),
    ("a third of the rows bad", {A: GOOD + b"x\n" * 100}, "100 of 300 rows and 0 of 1 files are in quarantine"),
    ("a large file that cannot be read", {A: GOOD, M: zipped(GOOD * 9)}, "source=movie/m.txt file_is_zip"),
    ("a new schema everywhere", {A: columns("tri")}, "changed schema: data/raw/notes/source=amazon/a.txt reordered:"),
]
"""Kind, raw objects, words of the failure."""


def test_there_are_more_than_thirty_kinds() -> None:
    names = [case[0] for case in [*ROWS, *ACCEPTED, *FILES, *SCHEMAS, *FAILURES]]
    assert len(set(names)) == len(names) >= 60


def sound(raw: dict[str, bytes], outcome: Outcome) -> None:
    """The counts add up, also when recounted from the input's bytes and the output's rows."""
    report = outcome.report
    assert imbalances(report) == []
    refused = {item["key"].removeprefix(RAW) for item in report["files"]["refused"]}
    texts = [gzip.decompress(body) if ".gz" in key else body for key, body in raw.items() if key not in refused]
    lines = [line for text in texts for line in text.split(b"\n") if line.strip()]
    counts = report["counts"]
    assert counts["in"] == report["records"] == len(lines)
    bad = Counter(item["reason"] for item in outcome.quarantine if item["line"])
    assert bad == report["quarantine_reasons"]
    assert sum(bad.values()) == counts["quarantined"]
    assert all(item["reason"] for item in outcome.quarantine)
    assert sum(not item["line"] for item in outcome.quarantine) == len(refused) == report["files"]["quarantined"]
    written = counts["processed"] if report["status"] == "complete" else 0
    assert len(outcome.rows("processed")) == len(outcome.rows("features")) == written


@pytest.mark.parametrize(("raw", "reasons"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_bad_rows_go_to_quarantine(notes: Run, raw: dict[str, bytes], reasons: dict[str, int]) -> None:
    outcome = notes(raw, **MANY)
    assert (outcome.error, outcome.report["quarantine_reasons"]) == ("", reasons)
    assert outcome.report["counts"]["processed"] == 200
    sound(raw, outcome)


@pytest.mark.parametrize("raw", [case[1] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_what_is_unusual_but_clear_is_accepted(notes: Run, raw: dict[str, bytes]) -> None:
    outcome = notes(raw)
    assert (outcome.error, outcome.quarantine, outcome.report["counts"]["in"]) == ("", [], 200)
    assert outcome.report["files"]["empty"] == (M in raw)
    sound(raw, outcome)


@pytest.mark.parametrize(("bad", "reason"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_files_without_rows_go_to_quarantine_as_a_whole(
    notes: Run, bad: dict[str, bytes | Callable[[], bytes]], reason: str
) -> None:
    [(key, content)] = bad.items()
    body = content() if callable(content) else content
    raw = {A: GOOD, key: body}
    outcome = notes(raw, **MANY)
    [entry] = outcome.quarantine
    assert (outcome.error, entry["reason"], entry["line"], entry["row"]) == ("", reason, 0, "")
    assert entry["bytes"] == outcome.report["files"]["bytes_quarantined"] == len(body)
    assert outcome.report["counts"]["processed"] == 200
    sound(raw, outcome)


@pytest.mark.parametrize(("body", "kind", "detail"), [case[1:] for case in SCHEMAS], ids=[case[0] for case in SCHEMAS])
def test_a_changed_schema_is_named(notes: Run, body: bytes, kind: str, detail: str) -> None:
    raw = {A: GOOD, M: body}
    outcome = notes(raw, **MANY)
    key = "data/raw/notes/source=movie/m.txt"
    assert outcome.report["schema_changes"] == [{"key": key, "kind": kind, "detail": detail, "refused": True}]
    assert outcome.report["quarantine_reasons"] == {f"schema_{kind}_columns": len(body.splitlines())}
    sound(raw, outcome)
    outcome = notes(raw)
    assert f"changed schema: {key} {kind}: {detail}" in outcome.error


@pytest.mark.parametrize(("raw", "words"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES])
def test_what_cannot_be_used_fails_the_job_in_words(notes: Run, raw: dict[str, bytes], words: str) -> None:
    outcome = notes(raw)
    assert words in outcome.error
    assert outcome.rows("processed") == outcome.rows("features") == []
    if outcome.report:
        assert (outcome.report["status"], outcome.report["refusal"]) == ("refused", outcome.error)
        assert imbalances(outcome.report) == []
        if "to their end" not in outcome.error:
            sound(raw, outcome)


class Denied:
    """S3 that lists an object and does not hand it out."""

    def get_paginator(self, operation: str) -> Denied:
        return self

    def paginate(self, **options: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": f"data/raw/notes/{A}", "Size": 9}]}]

    def get_object(self, **options: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


def test_an_object_that_cannot_be_read_fails_the_job_by_name() -> None:
    store, spec = S3Store("data", "123456789012"), parse(NOTES)
    store._client = Denied()
    with pytest.raises(EtlError, match=r"source=amazon/a.txt' cannot be read: AccessDenied"):
        plain_runner.run(Job(spec, "r1"), store, raw_folder(spec, store, RAW))


def test_a_refused_run_leaves_the_data_of_the_one_before(notes: Run, tmp_path: Path) -> None:
    before = notes({A: GOOD})
    rows = before.rows("features")
    after = notes({B: GOOD}, run_id="r2")
    assert "duplicate_id 200" in after.error
    assert after.rows("features") == rows
    assert (tmp_path / "data/quarantine/notes/r2.jsonl").exists()


def test_a_run_removes_what_earlier_ones_wrote_and_it_does_not(notes: Run, tmp_path: Path) -> None:
    notes({A: GOOD, M: good_rows(50)})
    assert (tmp_path / "data/processed/notes/source=movie").exists()
    (tmp_path / RAW / M).unlink()
    outcome = notes({A: GOOD})
    assert len(outcome.rows("processed")) == len(outcome.rows("features")) == 200


def validated(outcome: Outcome) -> list[str]:
    """What the next step says of a run."""
    folder = outcome.folder
    paths = [path for name in ("notes", "labels/notes") for path in (folder / "data/features" / name).rglob("*.*")]
    stored = {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths if path.is_file()}
    groups = json.loads((folder / "data/processed/_reports/notes/r1.groups.json").read_text())
    broken: list[str] = rules.broken_rules(rules.Facts(outcome.report, groups, stored, NOTES, rules.task_of(NOTES)))
    return broken


def test_the_next_step_accepts_what_a_run_wrote(notes: Run) -> None:
    outcome = notes({A: GOOD + b"x\n", M: b""})
    assert (outcome.error, validated(outcome)) == ("", [])


def test_one_good_row_is_refused_by_the_next_step(notes: Run) -> None:
    outcome = notes({A: b"1\t1.0\ta\n"})
    assert outcome.error == ""
    problems = validated(outcome)
    assert "there are 1 labels (good); a classification needs two" in problems
    assert sum("has no rows" in problem for problem in problems) == 2


@pytest.mark.parametrize(
    ("corrupt", "words"),
    [
        (lambda r: r["counts"].update(processed=199), "do not add up"),
        (lambda r: r["quarantine_reasons"].clear(), "1 rows"),
        (lambda r: r["files"].update(read=0), "files do not add up"),
        (lambda r: r["outputs"]["quarantine"].clear(), "0"),
        (lambda r: r["sources"].clear(), "rows 'in' of the sources are 0"),
    ],
)
def test_the_job_and_the_next_step_both_notice_lost_rows(
    notes: Run, corrupt: Callable[[dict[str, Any]], None], words: str
) -> None:
    outcome = notes({A: GOOD + b"x\n"})
    assert imbalances(outcome.report) == validated(outcome) == []
    corrupt(outcome.report)
    assert any(words in problem for problem in imbalances(outcome.report))
    assert any(words in problem for problem in validated(outcome))
