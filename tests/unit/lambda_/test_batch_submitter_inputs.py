"""What an input of a batch may be, and who may be asked."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from tests.unit.lambda_.batch_fakes import BUCKET
from tests.unit.lambda_.batch_platform import FOLDER, Platform


def sent(platform: Platform) -> list[str]:
    """The texts of all parts, in order."""
    keys = platform.bucket.below("inference/batch/input/_parts/")
    return [line["input"] for key in keys for line in platform.bucket.lines(key)]


def test_csv_has_a_heading_or_one_column(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/a.csv", b'id,review\r\n1,"good, \nvery good"\r\n2,bad\r\n3,\r\n')
    assert platform.submit("a", f"{FOLDER}requests/a.csv")["records"] == {"total": 3}
    assert sent(platform) == ["good, \nvery good", "bad"]
    platform.bucket.put(f"{FOLDER}requests/b.csv", b"fine\nawful\n")
    assert platform.submit("b", f"{FOLDER}requests/b.csv")["records"] == {"total": 2}


def test_parquet_is_read_in_ranges_and_by_its_column(on_sagemaker: Platform) -> None:
    import pyarrow as arrow
    from pyarrow import parquet

    platform = on_sagemaker
    texts = [f"review {n}" for n in range(5000)]
    buffer = io.BytesIO()
    table = arrow.table({"id": list(range(5000)), "ballast": ["x" * 500 + str(n) for n in range(5000)], "text": texts})
    parquet.write_table(table, buffer, row_group_size=1000, compression="none", use_dictionary=False)
    platform.bucket.put(f"{FOLDER}requests/in.parquet", buffer.getvalue())
    platform.batch["records_per_file"] = 2000
    assert platform.submit(key=f"{FOLDER}requests/in.parquet")["records"] == {"total": 5000}
    assert sent(platform) == texts
    assert platform.bucket.largest_read < len(buffer.getvalue()) / 2


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("in.xml", b"<a/>", "must end with one of .jsonl, "),
        ("in.jsonl", b"\n\n", "has no records"),
        ("in.jsonl", b"nonsense\n7\n", "2 of 2 cannot be asked; the first, record 0: the line is not JSON"),
        ("in.csv", b"", "has no records"),
        ("in.csv", b"review\n", "has no records"),
        ("in.csv", b"a,b\n1,2\n", "CSV of several columns needs a heading; the text's must be one of"),
        ("in.csv", b"\xff\xfe", "is not CSV in UTF-8: line 1: "),
        ("in.csv", b"id,review\n1,good\n2,caf\xe9\n", "is not CSV in UTF-8: line 3: 'utf-8' codec can't decode"),
        (
            "in.csv",
            b'id,review\n1,"two\nlines"\n2,"never closed\n3,x\n',
            "is not CSV in UTF-8: from line 4: unexpected end of data",
        ),
        ("in.csv", b'review\n"good" bad\n', "is not CSV in UTF-8: from line 2: ',' expected after '\"'"),
        ("in.parquet", b"PAR1 nothing", "is not Parquet"),
    ],
)
def test_an_input_that_is_none_is_refused_the_same_way_again(
    on_sagemaker: Platform, name: str, body: bytes, message: str
) -> None:
    on_sagemaker.bucket.put(f"{FOLDER}requests/{name}", body)
    for _ in range(2):
        error = on_sagemaker.submit(key=f"{FOLDER}requests/{name}")["error"]
        assert error["code"] == "BadRequest"
        assert re.search(message, error["message"])
    assert not on_sagemaker.sagemaker.jobs


@pytest.mark.parametrize(
    "key",
    ["", 7, "data/raw/reviews/x.jsonl", "inference/batch/input/other/x.jsonl", f"{FOLDER}../x.jsonl", FOLDER],
)
def test_only_the_blueprints_own_folder_is_read(on_sagemaker: Platform, key: Any) -> None:
    assert on_sagemaker.submit(key=key)["error"]["code"] == "BadRequest"


def test_a_uri_means_its_key(on_sagemaker: Platform) -> None:
    on_sagemaker.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"])
    assert on_sagemaker.submit(key=f"s3://{BUCKET}/{FOLDER}requests/in.jsonl")["status"] == "running"
    assert on_sagemaker.submit("x", key=f"s3://elsewhere/{FOLDER}requests/in.jsonl")["error"]["code"] == "BadRequest"


def test_what_is_asked_of_nobody_is_unknown(on_sagemaker: Platform) -> None:
    assert on_sagemaker.status("never")["error"]["code"] == "UnknownRequest"
    for name in ("other", "No Name", None):
        asked = {"action": "status", "blueprint": name, "request_id": "x"}
        assert on_sagemaker.call(asked)["error"]["code"] == "UnknownBlueprint"
    assert on_sagemaker.submit("../x")["error"]["code"] == "BadRequest"


def test_a_blueprint_of_another_kind_is_not_served(on_sagemaker: Platform) -> None:
    on_sagemaker.record["kind"] = "realtime"
    error = on_sagemaker.submit()["error"]
    assert error == {
        "code": "UnknownBlueprint",
        "message": "the blueprint 'reviews-batch' is of kind 'realtime', not batch",
    }
