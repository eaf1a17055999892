"""What a line is, where a review goes, and that the same data is the same data."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from reviews.errors import EtlError
from reviews.files import numbered_lines
from reviews.job import Job
from reviews.plain_runner import run
from reviews.rules import MAX_LINE_BYTES, Judged, fingerprint, judge, row_number
from reviews.split import split_of
from reviews.store import FolderStore

ETL = Path(__file__).resolve().parents[4] / "jobs" / "etl"


def test_a_row_is_a_labelled_review_of_its_group() -> None:
    assert judge("amazon", b"12_3\t-0.9\t  a  b\xc3\xa9 ") == Judged(
        "processed", "", "amazon-12_3", "amazon-12", -0.9, "negative", "a bé"
    )
    assert judge("movie", b"4\t2.5\tfine") == Judged("processed", "", "movie-4", "movie-4", 2.5, "positive", "fine")


@pytest.mark.parametrize("zero", ["0", "0.0", "-0.0", "0e5"])
def test_a_rating_of_exactly_zero_is_left_out(zero: str) -> None:
    assert judge("amazon", f"1\t{zero}\tso so".encode())[:4] == ("left_out", "", "amazon-1", "amazon-1")
    assert judge("amazon", b"1\t0.01\tnice").outcome == "processed"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1\t1.0\tcaf\xe9", "not_utf8"),
        (b"1\t1.0", "wrong_column_count"),
        (b"1\t1.0\ta\tb", "wrong_column_count"),
        (b"x1\t1.0\ta", "bad_id"),
        (b"1_2_3\t1.0\ta", "bad_id"),
        (b"1 2\t1.0\ta", "bad_id"),
        (b"1234567890123456789\t1.0\ta", "bad_id"),
        ("\u0661\t1.0\ta".encode(), "bad_id"),
        (b"1\tgood\ta", "rating_not_a_number"),
        (b"1\t\ta", "rating_not_a_number"),
        (b"1\t1,5\ta", "rating_not_a_number"),
        (b"1\t1_0\ta", "rating_not_a_number"),  # float() would take it
        (b"1\t0x1\ta", "rating_not_a_number"),
        (b"1\tnan\ta", "rating_out_of_range"),
        (b"1\t-Infinity\ta", "rating_out_of_range"),
        (b"1\t1e999\ta", "rating_out_of_range"),
        (b"1\t-4.01\ta", "rating_out_of_range"),
        (b"1\t1.0\t  \xc2\xa0 ", "empty_text"),
        (b"1\t1.0\ta\x00b", "control_character"),
        (b"1\t1.0\t\x1b[31mred", "control_character"),
        (b"1\t1.0\t" + b"a" * MAX_LINE_BYTES, "line_too_long"),
    ],
)
def test_each_bad_row_has_its_reason(line: bytes, reason: str) -> None:
    assert judge("amazon", line) == Judged("quarantined", reason)


def test_lines_end_at_newlines_only_and_other_breaks_are_blanks() -> None:
    text = "one\u0085two\u2028three\x0bfour"
    lines = list(numbered_lines([f"1\t1.0\t{text}\n\r\n\n2".encode()]))
    assert [(number, size) for number, _, size in lines] == [(1, 27), (4, 1)]
    assert judge("amazon", lines[0][1]).text == "one two three four"


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


def test_a_byte_order_mark_is_not_part_of_the_first_id() -> None:
    assert judge("amazon", b"\xef\xbb\xbf1\t1.0\ta").review_id == "amazon-1"


def test_splits_depend_on_the_seed_and_on_nothing_else() -> None:
    ids = [f"movie-{n}" for n in range(1000)]
    one, again, other = ([split_of(i, seed) for i in ids] for seed in ("a", "a", "b"))
    assert one == again
    assert one != other
    assert 650 < one.count("train") < 750
    assert 100 < one.count("validation") < 200


def fingerprint_of(*rows: tuple[str, bytes]) -> str:
    return fingerprint(sum(row_number(*row) for row in rows), len(rows))


def test_fingerprint_is_of_the_rows_whatever_their_order() -> None:
    one, two = ("amazon", b"1\t1.0\ta"), ("amazon", b"2\t1.0\tb")
    assert fingerprint_of(one, two) == fingerprint_of(two, one)
    others = [(one,), (one, two, two), (one, ("amazon", b"2\t1.1\tb")), (one, ("movie", two[1]))]
    assert len({fingerprint_of(*rows) for rows in [(one, two), *others]}) == 5
    assert fingerprint_of(one).startswith("sha256:")


def test_a_plain_process_does_not_pretend_to_keep_bookmarks(
    make_job: Callable[..., Job], store: Callable[..., FolderStore]
) -> None:
    with pytest.raises(EtlError, match="job bookmarks are kept by Glue's Spark"):
        run(make_job(incremental=True), store({}))


@pytest.mark.parametrize("path", sorted(ETL.rglob("*.py")), ids=lambda path: path.name)
def test_the_code_is_valid_for_python_3_10(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 10))
