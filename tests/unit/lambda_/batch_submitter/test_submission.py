"""Validate batch inputs and blueprints."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from batch_submitter import records
from tests.unit.lambda_.support.batch_services import BUCKET
from tests.unit.lambda_.support.batch_services import error as error_of
from tests.unit.lambda_.support.batch_submitter import FOLDER, OUTPUT, Platform


def sent(platform: Platform) -> list[Any]:
    """Return the inputs of all parts in order."""
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
        ("in.jsonl", b"nonsense\nnull\n", "2 of 2 are not valid; the first, record 0: line 1 is not JSON"),
        ("in.csv", b"", "has no records"),
        ("in.csv", b"review\n", "has no records"),
        (
            "in.csv",
            b"a,b\n1,2\n",
            "which column has the texts.* heading with one of .* it has 'a', 'b'",
        ),
        ("in.csv", b"\xff\xfe", "'in.csv': the input is not UTF-8 text: it is UTF-16"),
        (
            "in.csv",
            b"id,te\xe9\n1,good\n",
            "first row of the CSV cannot be read: line 1, byte 6 .0xE9. is not",
        ),
        ("in.jsonl", '{"input": "good lamp"}\n"fine"\n'.encode("utf-16"), "it is UTF-16"),
        ("in.txt", "good".encode("utf-16-be"), "begins with U\\+0000"),
        ("in.csv", b"review,text\na,b\n", "the columns 'review', 'text' could each be the text"),
        ("in.csv", b"id;text\n1;fine\n", "separated by a semicolon, not by a comma"),
        ("in.parquet", b"PAR1 nothing", "is not Parquet"),
    ],
)
def test_an_invalid_input_is_refused_the_same_way_again(
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


def test_an_unknown_blueprint_is_refused(on_sagemaker: Platform) -> None:
    assert on_sagemaker.status("never")["error"]["code"] == "UnknownRequest"
    for name in ("other", "No Name", None):
        requested = {"action": "status", "blueprint": name, "request_id": "x"}
        assert on_sagemaker.call(requested)["error"]["code"] == "UnknownBlueprint"
    assert on_sagemaker.submit("../x")["error"]["code"] == "BadRequest"


def test_a_blueprint_of_another_kind_is_not_served(on_sagemaker: Platform) -> None:
    on_sagemaker.record["kind"] = "realtime"
    error = on_sagemaker.submit()["error"]
    assert error == {
        "code": "UnknownBlueprint",
        "message": "the blueprint 'reviews-batch' is of kind 'realtime', not batch",
    }


def parquet_of(**columns: Any) -> bytes:
    import pyarrow as arrow
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(arrow.table(columns), buffer, use_dictionary=False, compression="none")
    return buffer.getvalue()


def test_parquet_has_the_same_rules(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/a.parquet", parquet_of(review=["a"], text=["b"]))
    assert "'review', 'text' could each be" in platform.submit("a", f"{FOLDER}requests/a.parquet")["error"]["message"]
    body = parquet_of(id=[7, 8, 9, 10], text=["fine", " ", None, "caf\u00e9"]).replace(
        "caf\u00e9".encode(), b"caf\xe9\xe9"
    )
    platform.bucket.put(f"{FOLDER}requests/b.parquet", body)
    (job,) = platform.submit("b", f"{FOLDER}requests/b.parquet")["jobs"]
    platform.sagemaker.run(job["name"])
    platform.ended(job["name"])
    lines = platform.results("b")
    assert [line["id"] for line in lines] == [7, 8, 9, 10]
    returned = [line.get("error", {}).get("message", "").rpartition(": ")[2] for line in lines]
    assert returned == ["", "it is blank", "it is null", "it is not UTF-8"]


def test_the_blueprint_sets_the_csv_delimiter(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.csv", b"id;text;review\n1;fine, really;x\n")
    for delimiter, column in ((";", "text"), ("tab", None), (":", None)):
        platform.batch |= {"delimiter": delimiter, "column": column}
        answer = platform.submit(f"with-{column}-{len(delimiter)}", f"{FOLDER}requests/in.csv")
        if column:
            assert sent(platform) == ["fine, really"]
        else:
            reported = {
                "tab": ("BadRequest", "by a semicolon, not by a tab"),
                ":": ("InternalError", "names no delimiter"),
            }
            assert answer["error"]["code"] == reported[delimiter][0]
            assert reported[delimiter][1] in answer["error"]["message"]


def test_a_record_keeps_its_caller_s_id(on_bedrock: Platform) -> None:
    platform = on_bedrock
    lines = [{"id": f"customer-{n}", "input": f"q{n}"} if n % 2 else f"q{n}" for n in range(200)]
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [*lines, {"id": "none", "input": "  "}])
    platform.submit()
    platform.bedrock_ended(platform.bedrock.run(0))
    results = platform.results()
    assert [line.get("id") for line in results] == [f"customer-{n}" if n % 2 else None for n in range(200)] + ["none"]
    assert [line["output"]["text"] for line in results[:200]] == [f"to q{n}" for n in range(200)]
    assert platform.errors() == [results[-1]]


def test_a_record_that_is_not_a_text_is_reported_in_its_place(on_bedrock: Platform) -> None:
    platform = on_bedrock
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [*(f"q{n}" for n in range(100)), {"id": "x", "input": {"a": 1}}])
    platform.submit()
    platform.bedrock_ended(platform.bedrock.run(0))
    rule = "the record must be a string of 1 to 20000 characters: it is an object"
    error = {"type": "BadRecord", "message": f"{rule}; the model behind this blueprint takes texts"}
    assert platform.errors() == [{"record": 100, "id": "x", "error": error}]


def test_rows_are_sent_as_objects_and_keep_their_names(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.sagemaker.model = lambda line: {"value": line["input"]["age"]}
    platform.batch |= {"column": "*", "id": "patient", "types": {"age": "double"}}
    platform.bucket.put(f"{FOLDER}requests/in.csv", b"patient,age,city\np1,59,Ulm\np2,x,Ulm\np3,,Bonn\n")
    (job,) = platform.submit(key=f"{FOLDER}requests/in.csv")["jobs"]
    assert sent(platform) == [{"age": 59.0, "city": "Ulm"}, {"age": None, "city": "Bonn"}]
    platform.sagemaker.run(job["name"])
    platform.ended(job["name"])
    assert platform.results() == [
        {"record": 0, "id": "p1", "output": {"value": 59.0}},
        {"record": 1, "id": "p2", "error": {"type": "BadRecord", "message": "line 3: 'age' must be a number"}},
        {"record": 2, "id": "p3", "output": {"value": None}},
    ]


def test_rows_of_parquet_are_objects_with_their_types(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.batch |= {"column": "*"}
    day = dt.date(2026, 1, 31)
    body = parquet_of(id=[1, 2], age=[59.5, float("nan")], day=[day, day], tags=[["a"], None])
    platform.bucket.put(f"{FOLDER}requests/in.parquet", body)
    platform.submit(key=f"{FOLDER}requests/in.parquet")
    assert sent(platform) == [{"age": 59.5, "day": "2026-01-31", "tags": ["a"]}]
    (bad,) = (key for key in platform.bucket.objects if key.endswith("bad-records.jsonl"))
    assert "'age': it is NaN or Infinity" in platform.bucket.lines(bad)[0]["error"]["message"]


@pytest.mark.parametrize(
    ("name", "inputs", "line", "answer", "output", "content_type", "strategy"),
    [
        ("csv", [[1, 2.5, "a,b"]], b'1,2.5,"a,b"', b"0.75", {"prediction": [0.75]}, "text/csv", "MultiRecord"),
        ("csv", ["1,2"], b"1,2", b"0.5,0.25", {"prediction": [0.5, 0.25]}, "text/csv", "MultiRecord"),
        ("json", [{"a": 1}], b'{"a": 1}', b'{"value": 3}', {"value": 3}, "application/json", "SingleRecord"),
        ("json", [[1]], b"[1]", b"3", {"output": 3}, "application/json", "SingleRecord"),
        (
            "embed",
            ["a"],
            b'{"inputs": ["a"]}',
            b"[[0.5, 1]]",
            {"embedding": [0.5, 1]},
            "application/json",
            "SingleRecord",
        ),
        ("jsonlines", [7], b'{"input": 7}', b'{"value": 8}', {"value": 8}, "application/jsonlines", "MultiRecord"),
    ],
)
def test_a_job_s_lines_have_the_container_s_format(
    on_sagemaker: Platform,
    name: str,
    inputs: list[Any],
    line: bytes,
    answer: bytes,
    output: Any,
    content_type: str,
    strategy: str,
) -> None:
    platform = on_sagemaker
    platform.record["format"] = name
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"id": 9, "input": value} for value in inputs])
    (job,) = platform.submit()["jobs"]
    (part,) = platform.bucket.below("inference/batch/input/_parts/")
    assert platform.bucket.objects[part] == line + b"\n"
    created = platform.sagemaker.jobs[job["name"]]["asked"]
    assert created["BatchStrategy"] == strategy
    assert (created["TransformInput"]["ContentType"], created["TransformOutput"]["Accept"]) == (
        content_type,
        content_type,
    )
    platform.sagemaker.raw = answer + b"\n"
    platform.sagemaker.run(job["name"])
    platform.ended(job["name"])
    assert platform.results() == [{"record": 0, "id": 9, "output": output}]


def test_a_row_that_a_csv_container_cannot_read_is_reported_in_its_place(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.record["format"] = "csv"
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["1,2", {"input": {"a": 1}}, '"a\nb",1', [[1]]])
    platform.submit()
    (bad,) = (key for key in platform.bucket.objects if key.endswith("bad-records.jsonl"))
    reasons = [each["error"]["message"] for each in platform.bucket.lines(bad)]
    assert [each["record"] for each in platform.bucket.lines(bad)] == [1, 2, 3]
    assert "takes rows of CSV, whose columns have no names" in reasons[0]
    assert reasons[1] == "the record has a line end, which ends a row in a batch job"
    assert "its cells are texts and numbers" in reasons[2]


def test_results_of_a_request_without_names_are_joined_as_before(on_sagemaker: Platform) -> None:
    """Requests from before record ids were stored are joined too."""
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a", "b"])
    (job,) = platform.submit()["jobs"]
    for key in platform.bucket.below(f"{OUTPUT}state/"):
        if key.endswith("ids.jsonl"):
            del platform.bucket.objects[key]
    platform.sagemaker.run(job["name"])
    platform.ended(job["name"])
    assert [sorted(line) for line in platform.results()] == [["output", "record"]] * 2


# ---- no request stays `accepted` -----------------------------------------------------------------------------------


def test_an_unexpected_error_is_returned_to_the_caller(
    on_sagemaker: Platform, monkeypatch: pytest.MonkeyPatch, logged: Any
) -> None:
    platform = on_sagemaker

    def broken(*_: Any) -> Any:
        raise RecursionError("secret text")

    monkeypatch.setattr(records, "read", broken)
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a"])
    for _ in range(2):
        error = platform.submit()["error"]
        assert error["code"] == "InternalError"
        assert "unexpected RecursionError" in error["message"]
    assert (platform.status()["status"], platform.status()["reason"]) == ("failed", error["message"])
    platform.bucket.put(f"{FOLDER}night/in.jsonl", ["a"])
    platform.arrive(f"{FOLDER}night/in.jsonl")
    assert platform.reported[-1][1]["status"] == "failed"
    returned = logged()
    assert any(line["message"] == "the input could not be prepared" for line in returned)
    assert "secret" not in str(returned)


def test_a_transient_failure_during_preparation_is_not_a_refusal(
    on_sagemaker: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a"])

    def fails(**_: Any) -> Any:
        raise KeyError("job")

    with monkeypatch.context() as patch:
        patch.setattr(platform.sagemaker, "create_transform_job", fails)
        with pytest.raises(Exception, match="raised at batch_submitter/test_submission"):
            platform.submit()
    assert platform.submit()["status"] == "running"


def test_a_failing_service_is_retried(on_sagemaker: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(records, "read", lambda *_: (_ for _ in ()).throw(error_of("SlowDown")))
        assert platform.submit()["error"]["code"] == "Unavailable"
    assert platform.status()["status"] == "accepted"
    assert platform.submit()["status"] == "running"


def test_an_object_that_changes_while_it_is_read_is_refused(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    key = f"{FOLDER}requests/in.jsonl"
    platform.bucket.put(key, [f"text {n}" for n in range(2000)])
    platform.function.SETTINGS = replace(platform.function.SETTINGS, inline_bytes=10)
    assert platform.submit()["status"] == "accepted"
    platform.bucket.put(key, ["another"])
    platform.call(platform.later[-1])
    reported = platform.status()
    assert (reported["status"], "not what it was" in reported["reason"]) == ("failed", True)


def test_a_request_that_could_not_be_prepared_fails_in_the_end(on_sagemaker: Platform) -> None:
    """A function that exceeds its time or memory writes nothing."""
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a"])
    platform.function.SETTINGS = replace(platform.function.SETTINGS, inline_bytes=1)
    assert platform.submit()["status"] == "accepted"
    (place,) = (key for key in platform.bucket.objects if key.endswith("/request.json"))
    request = json.loads(platform.bucket.objects[place])
    platform.bucket.put(place, json.dumps({**request, "at": time.time() - 7100}).encode())
    assert platform.status()["status"] == "accepted"
    platform.bucket.put(place, json.dumps({**request, "at": time.time() - 7300}).encode())
    reported = platform.status()
    assert reported["status"] == "failed"
    assert "could not be prepared" in reported["reason"]
