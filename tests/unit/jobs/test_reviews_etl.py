"""The ETL's pure part: where each row goes, and that the same data is the same data."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "jobs" / "etl" / "reviews_etl.py"


@pytest.fixture(scope="module")
def etl(load_job: Any) -> Any:
    return load_job("etl/reviews_etl.py")


def raw(etl: Any, body: bytes, source: str = "amazon") -> Any:
    return etl.RawFile(source, f"data/raw/reviews/source={source}/a.txt", body)


def test_a_row_becomes_a_labelled_review_of_its_group(etl: Any) -> None:
    parsed = etl.parse_files([raw(etl, b"12_3\t-0.9\t  a  b\xc3\xa9 \r\n4\t2.5\tfine")])
    assert parsed.reviews == [
        etl.Review("amazon", "amazon-12_3", "amazon-12", -0.9, "negative", "a bé"),
        etl.Review("amazon", "amazon-4", "amazon-4", 2.5, "positive", "fine"),
    ]
    assert (dict(parsed.rows_in), dict(parsed.left_out), parsed.rejected) == ({"amazon": 2}, {}, [])


@pytest.mark.parametrize("zero", ["0", "0.0", "-0.0", "0e5"])
def test_a_rating_of_exactly_zero_is_left_out_and_counted(etl: Any, zero: str) -> None:
    parsed = etl.parse_files([raw(etl, f"1\t{zero}\tso so\n2\t0.01\tnice".encode())])
    assert (len(parsed.reviews), dict(parsed.left_out), parsed.rejected) == (1, {"amazon": 1}, [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1\t1.0\tcaf\xe9", "not_utf8"),
        (b"1\t1.0", "wrong_column_count"),
        (b"1\t1.0\ta\tb", "wrong_column_count"),
        (b"x1\t1.0\ta", "bad_id"),
        (b"1_2_3\t1.0\ta", "bad_id"),
        (b"1\tgood\ta", "rating_not_a_number"),
        (b"1\tnan\ta", "rating_out_of_range"),
        (b"1\tinf\ta", "rating_out_of_range"),
        (b"1\t-4.01\ta", "rating_out_of_range"),
        (b"1\t1.0\t  \xc2\xa0 ", "empty_text"),
        (b"7\t1.0\tagain", "duplicate_id"),
    ],
)
def test_each_bad_row_is_rejected_with_its_reason(etl: Any, line: bytes, reason: str) -> None:
    parsed = etl.parse_files([raw(etl, b"7\t1.0\tfirst\n" + line)])
    [rejected] = parsed.rejected
    assert (rejected.reason, rejected.line, rejected.source) == (reason, 2, "amazon")
    assert len(parsed.reviews) == 1


def test_one_id_in_two_sources_is_two_reviews(etl: Any) -> None:
    parsed = etl.parse_files([raw(etl, b"1\t1.0\ta"), raw(etl, b"1\t1.0\ta", "movie")])
    assert [r.review_id for r in parsed.reviews] == ["amazon-1", "movie-1"]


def test_lines_end_at_newlines_only(etl: Any) -> None:
    text = "one\u0085two\u2028three\x0bfour"
    parsed = etl.parse_files([raw(etl, f"1\t1.0\t{text}\n\r\n\n".encode())])
    assert [r.text for r in parsed.reviews] == ["one two three four"]
    assert parsed.rows_in["amazon"] == 1


def test_a_byte_order_mark_is_no_part_of_the_first_id(etl: Any) -> None:
    assert len(etl.parse_files([raw(etl, b"\xef\xbb\xbf1\t1.0\ta")]).reviews) == 1


def test_snippets_of_one_review_are_never_in_two_splits(etl: Any) -> None:
    body = "\n".join(f"{group}_{n}\t1.0\ttext {n}" for group in range(1000) for n in range(3))
    splits = etl.split_reviews(etl.parse_files([raw(etl, body.encode())]).reviews, "seed")
    groups = {name: {r.group_id for r in rows} for name, rows in splits.items()}
    assert sum(len(g) for g in groups.values()) == 1000
    assert 650 < len(groups["train"]) < 750
    assert 100 < len(groups["validation"]) < 200


def test_splits_depend_on_the_seed_and_on_nothing_else(etl: Any) -> None:
    ids = [f"movie-{n}" for n in range(500)]
    one, again, other = ([etl.split_of(i, seed) for i in ids] for seed in ("a", "a", "b"))
    assert one == again
    assert one != other


def test_fingerprint_is_of_the_rows_whatever_their_order_or_file(etl: Any) -> None:
    both = etl.fingerprint([raw(etl, b"1\t1.0\ta\n2\t1.0\tb")])
    assert both == etl.fingerprint([raw(etl, b"2\t1.0\tb\r\n"), raw(etl, b"1\t1.0\ta")])
    assert both != etl.fingerprint([raw(etl, b"1\t1.0\ta\n2\t1.1\tb")])
    assert both != etl.fingerprint([raw(etl, b"1\t1.0\ta\n2\t1.0\tb", "movie")])
    assert both.startswith("sha256:")


def test_report_counts_every_row_once(etl: Any) -> None:
    body = b"1\t1.0\ta\n2\t-1.0\tb\n3\t0\tc\n4\toops\td"
    parsed = etl.parse_files([raw(etl, body)])
    splits = etl.split_reviews(parsed.reviews, "seed")
    report = etl.build_report(parsed, splits, {"features": [etl.Output("k", b"abc", 3)]})
    assert report["counts"] == {"in": 4, "processed": 2, "left_out": 1, "quarantined": 1}
    assert report["sources"] == {"amazon": {**report["counts"], "groups": 2}}
    assert report["quarantine_reasons"] == {"rating_not_a_number": 1}
    assert sum(s["rows"] for s in report["splits"].values()) == 2
    [facts] = report["outputs"]["features"]
    assert (facts["key"], facts["bytes"], facts["rows"]) == ("k", 3, 3)


def test_input_without_a_usable_row_fails_the_job(etl: Any) -> None:
    with pytest.raises(etl.EtlError, match=r"no usable row in 1 file\(s\) of dataset 'reviews': 1 read, 1 rejected"):
        etl.transform([raw(etl, b"1\toops\ta")], "reviews", "r1", "seed")


def test_options_that_glue_adds_are_let_through(etl: Any) -> None:
    found = etl.parse_arguments(
        [
            "--bucket",
            "b",
            "--run_id",
            "r",
            "--scriptLocation",
            "s3://x",
            "--library-set",
            "analytics",
            "--enable-x",
            "true",
        ]
    )
    assert (found.bucket, found.run_id, found.dataset, found.split_seed) == ("b", "r", "reviews", "reviews-v1")


def test_the_script_is_valid_for_glue_s_python() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 9))
