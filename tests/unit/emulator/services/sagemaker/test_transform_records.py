"""Records of a batch transform: splitting, filtering, joining and assembling."""

from __future__ import annotations

import pytest

from emulator.services.sagemaker.transform_records import (
    BadData,
    DataProcessing,
    assemble,
    batches,
    choose,
    request_body,
    split,
)


def test_lines_are_records_and_empty_lines_are_not() -> None:
    assert split(b"a\r\n\nb\n  \n", "Line") == [b"a", b"b"]
    assert split(b"a\nb\n", "None") == [b"a\nb\n"]


def test_a_request_holds_what_fits() -> None:
    records = [b"12345", b"123", b"1234", b"1"]
    assert list(batches(records, "MultiRecord", 10)) == [[b"12345", b"123"], [b"1234", b"1"]]
    assert list(batches(records, "SingleRecord", 10)) == [[each] for each in records]
    assert list(batches(records, "MultiRecord", 0)) == [records]
    with pytest.raises(BadData, match="5 bytes is larger than MaxPayloadInMB allows"):
        list(batches(records, "MultiRecord", 4))


def test_bodies_and_outputs() -> None:
    assert request_body([b"a"], "Line") == b"a"
    assert request_body([b"a", b"b"], "Line") == b"a\nb\n"
    assert assemble([b"1\n2", b"3\n"], "Line") == b"1\n2\n3\n"
    assert assemble([b"1", b"2"], "None") == b"12"


@pytest.mark.parametrize(
    ("path", "value", "chosen"),
    [
        ("$", {"a": 1}, {"a": 1}),
        ("$.a.b", {"a": {"b": 2}}, 2),
        ("$['a']", {"a": 1, "b": 2}, 1),
        ("$['a','b']", {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2}),
        ("$[1:]", [1, 2, 3], [2, 3]),
        ("$[:-1]", [1, 2, 3], [1, 2]),
        ("$[0,2]", [1, 2, 3], [1, 3]),
        ("$[-1]", [1, 2, 3], 3),
        ("$.a[0]", {"a": [7]}, 7),
    ],
)
def test_a_filter_names_a_part(path: str, value: object, chosen: object) -> None:
    assert choose(value, path) == chosen


@pytest.mark.parametrize(
    ("path", "value"), [("a", {}), ("$..a", {}), ("$.a", {"b": 1}), ("$[9]", [1]), ("$[0]", {"a": 1}), ("$[x]", [1])]
)
def test_a_filter_without_a_match_is_an_error(path: str, value: object) -> None:
    with pytest.raises(BadData, match="the filter"):
        choose(value, path)


def test_joined_records_of_objects_arrays_and_csv() -> None:
    json_type = "application/jsonlines"
    joined = DataProcessing(join=True)
    assert joined.out_of([b'{"a": 1}'], b'{"y": 2}', json_type, json_type) == b'{"a": 1, "SageMakerOutput": {"y": 2}}\n'
    assert joined.out_of([b"[1]", b"[2]"], b"[3]\n4\n", json_type, json_type) == b"[1, 3]\n[2, 4]\n"
    assert joined.out_of([b'1,"a,b"'], b"5", "text/csv", "text/csv") == b'1,"a,b",5\n'


def test_another_number_of_answers_cannot_be_joined() -> None:
    with pytest.raises(BadData, match="cannot join 2 records with 1 answers"):
        DataProcessing(join=True).out_of([b"1", b"2"], b"1\n", "text/csv", "text/csv")
    with pytest.raises(BadData, match="not for image/png"):
        DataProcessing(input_filter="$.a").into(b"x", "image/png")
