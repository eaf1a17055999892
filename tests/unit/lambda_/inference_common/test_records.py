"""Read records of all formats, and report invalid ones."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference_common import csv_rows, encoding, formats, records
from inference_common.errors import BadRequest, UnsupportedMediaType
from inference_common.records import Layout, Record
from inference_common.texts import MAX_CHARACTERS
from tests.support.campaign import examples

MORE = settings(deadline=None, max_examples=examples())
AWKWARD = ('"', ",", ";", "\n", "\r", "\t", "\u2028", "\u2029", "\x85", "\v", "\f", "\ufeff", "\\", "é", "😀")
TEXTS = st.lists(st.sampled_from(AWKWARD) | st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(
    "".join
)
WITH_TEXT = TEXTS.filter(str.strip)


def read(kind: str, body: bytes | str, **layout: Any) -> list[Record]:
    data = body.encode() if isinstance(body, str) else body
    return list(records.read(kind, [data], Layout(**layout)))


def texts(records_read: list[Record]) -> list[Any]:
    assert [each.error for each in records_read] == [None] * len(records_read)
    return [each.input for each in records_read]


# ---- round trips ---------------------------------------------------------------------------------------------------


@MORE
@given(st.lists(WITH_TEXT), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_json_lines_round_trip(expected: list[str], end: str, plain: bool, ascii_only: bool) -> None:
    values = [text if plain else {"id": str(place), "input": text} for place, text in enumerate(expected)]
    body = "".join(json.dumps(value, ensure_ascii=ascii_only) + end for value in values)
    assert texts(read("jsonlines", body)) == texts(read("jsonlines", "\ufeff" + body)) == expected


@MORE
@given(st.lists(WITH_TEXT), st.sampled_from(list(csv_rows.NAMES)), st.sampled_from(["\n", "\r\n"]), st.booleans())
@example(['"', '""', 'a"', '","', "a\nb", "\rx"], ",", "\r\n", True)
def test_csv_round_trips(expected: list[str], delimiter: str, end: str, every_cell: bool) -> None:
    # Python's writer does not quote a CR at the end of a line, where it counts as part of the line end.
    expected = [text if every_cell else text.rstrip("\r") or "x" for text in expected]
    expected = [text for text in expected if text.strip()]
    file = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if every_cell else csv.QUOTE_MINIMAL
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([["id", "text"], *([str(place), text] for place, text in enumerate(expected))])
    for mark in ("", "\ufeff"):
        rows_read = read("csv", mark + file.getvalue(), delimiter=delimiter)
        assert texts(rows_read) == expected
        assert [each.id for each in rows_read] == [str(place) for place in range(len(expected))]


@MORE
@given(
    st.lists(WITH_TEXT.map(lambda text: text.replace("\n", " ")).filter(lambda t: t.strip() and not t.endswith("\r")))
)
def test_plain_text_round_trips(expected: list[str]) -> None:
    # The UTF-8 mark before the first line is not part of it.
    expected = [text.lstrip("\ufeff") or "x" for text in expected]
    expected = [text for text in expected if text.strip().strip("{")]
    for end in ("\n", "\r\n"):
        assert texts(read("text", "".join(text + end for text in expected))) == expected


@MORE
@given(st.binary(max_size=60) | st.text(alphabet='",\n\r;ab', max_size=40).map(str.encode), st.data())
def test_where_the_chunks_are_cut_changes_nothing(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=4)))
    chunks = [body[first:last] for first, last in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    def found(pieces: list[bytes], kind: str) -> object:
        try:
            return list(records.read(kind, pieces))
        except BadRequest as error:
            return error.message

    for kind in records.READERS:
        assert found(chunks, kind) == found([body], kind)


@MORE
@given(st.lists(st.text(alphabet='",ab', max_size=6), min_size=1, max_size=12))
def test_every_line_of_csv_is_in_a_row_or_reported(lines: list[str]) -> None:
    """Whatever quotation marks occur, no line is lost or read twice."""
    body = "text\n" + "".join(f"{line}\n" for line in lines)
    rows = list(csv_rows.rows(encoding.lines([body.encode()]), ","))[1:]
    reported = [place for row in rows for place in range(row.line, row.line + "".join(row.cells).count("\n") + 1)]
    assert sorted(set(reported)) == reported
    # An empty line is not a row, but may be part of a quoted cell.
    assert set(reported) - {place for place, line in enumerate(lines, start=2) if not line} == {
        place for place, line in enumerate(lines, start=2) if line
    }


def plain_csv(body: str) -> Iterator[list[str]]:
    return (row for row in csv.reader(io.StringIO(body, newline=""), strict=True) if row)


@MORE
@given(st.lists(st.text(alphabet='",ab\n', max_size=8), min_size=1, max_size=6).map("\n".join))
def test_where_the_standard_library_reads_csv_the_same_is_read(body: str) -> None:
    try:
        expected = list(plain_csv(body))
    except csv.Error:
        return
    if len({len(row) for row in expected}) == 1:
        rows_read = list(csv_rows.rows(encoding.lines([body.encode()]), ","))
        assert [(row.cells, row.error) for row in rows_read] == [(row, "") for row in expected]


# ---- CSV -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("text\nfine\nSturdy, but dear\nfine\n", {1: "line 3 has 2 cells, the first row 1; a cell that holds a comma"}),
        ("id,text\n1,a\n2\n3,c\n", {1: "line 3 has 1 cell, the first row 2"}),
        ('text\nfine\n"Solid" is what I call it\nfine\n', {1: "line 3: the quotation mark in line 3 column 7 closes"}),
        ('text\n"Solid\nfine\n"so" it goes\n', {0: "line 2: the quotation mark in line 4 ", 2: "line 4: the quot"}),
        ('text\n"never closed\na\nb\n', {0: "line 2: a quotation mark is opened and never closed"}),
        ('id,text\n1,"a\n2,b\n3,",c\n', {0: "line 2 has 3 cells, the first row 2"}),
        ('text\nx","y\nx","y\n', {0: "line 2: a quotation mark is opened in cell 2 of 1", 1: "line 3: "}),
        ('text\nfine\n"  "\n""\n', {1: "line 3: 'text' must be a string .*: it is blank", 2: "line 4.* it is empty"}),
        (b"text\ncaf\xe9\nfine\n", {0: "line 2, byte 4 .0xE9. is not UTF-8"}),
        (b'text\n"a\n\xff"\nfine\n', {0: "line 2: line 3, byte 1 .0xFF. is not", 1: "line 3, byte 1"}),
        ("text\nhalf\0\n", {0: "line 2: 'text' must be .* it has U.0000 as character 5"}),
        (f"text\n{'x' * (MAX_CHARACTERS + 1)}\nfine\n", {0: "line 2: 'text' must be .* it has 20001"}),
    ],
)
def test_a_malformed_row_affects_no_other(body: bytes | str, reported: dict[int, str]) -> None:
    errors = {place: each.error for place, each in enumerate(read("csv", body)) if each.error}
    assert set(errors) == set(reported)
    for place, words in reported.items():
        assert re.search(words, errors[place])


def test_rows_after_a_malformed_row_are_read() -> None:
    body = 'text\nfine\n"Solid" is what I call it\n"a "" b\nc"\nlast\n'
    assert [each.input for each in read("csv", body)] == ["fine", "", 'a " b\nc', "last"]
    body = 'text\n"open\nfine\nbest\n' + "x\n" * 5
    assert [each.input for each in read("csv", body)] == ["", "fine", "best", *"xxxxx"]


def test_an_open_quotation_mark_is_not_read_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line opens one more cell and closes the one before: rereading for each of them would take days."""
    taken: list[int] = []
    take = csv_rows._Cells.take

    def count(cells: Any, line: Any) -> Any:
        taken.append(line.number)
        return take(cells, line)

    monkeypatch.setattr(csv_rows._Cells, "take", count)
    header = ",".join(f"c{place}" for place in range(4)) + ",text\n"
    assert len(read("csv", header + 'x","y\n' * 500 + '"open\n' + "fine\n" * 500)) == 1001
    assert len(taken) < 1001 * 6


@pytest.mark.parametrize(
    ("body", "layout", "expected"),
    [
        ("Text \nfine\n", {}, ["fine"]),
        ("fine\nawful\n", {}, ["fine", "awful"]),
        ("id;text\n1;fine, really\n", {"delimiter": ";"}, ["fine, really"]),
        ("id|text\n1|fine\n", {"delimiter": "|"}, ["fine"]),
        ("review,text\na,b\n", {"column": "review"}, ["a"]),
        ("stars,words\n5,fine\n", {"column": "words"}, ["fine"]),
        ("text\na\u2028b\x85c\x0bd\x0ce\n", {}, ["a\u2028b\x85c\x0bd\x0ce"]),
        ('text\na 19" screen\n', {}, ['a 19" screen']),
        ("text\n\n\nfine\n\n", {}, ["fine"]),
        ("text\na\rb\n", {}, ["a\rb"]),
        ("text", {}, []),
        ("", {}, []),
    ],
)
def test_the_column_of_the_texts_is_found(body: str, layout: dict[str, str], expected: list[str]) -> None:
    assert texts(read("csv", body, **layout)) == expected


@pytest.mark.parametrize(
    ("body", "layout", "message"),
    [
        ("review,text\na,b\n", {}, "the columns 'review', 'text' could each be the text: name one"),
        ("words,words\na,b\n", {"column": "words"}, "the columns 'words', 'words' could each be"),
        ("id;text\n1;fine\n", {}, "separated by a semicolon, not by a comma: say so"),
        ("id\ttext\n1\tfine\n", {}, "separated by a tab, not by a comma"),
        ("id,text\n1,fine\n", {"delimiter": "|"}, "separated by a comma, not by a vertical bar"),
        ("words|stars\nfine|1\n", {"column": "words"}, "separated by a vertical bar"),
        ("text\rfine\rawful\r", {}, "the lines of this CSV seem to end with CR alone"),
        ("a,b\n1,2\n", {}, "which column has the texts.* with one of input, .* it has 'a', 'b'"),
        ("id,text\n1,fine\n", {"column": "words"}, "with 'words'; it has 'id', 'text'"),
        ('te"xt,"x" y\n1,2\n', {}, "the first row of the CSV cannot be read: line 1: the quotation mark in line 1"),
        ("text\n".encode("utf-16"), {}, "is not UTF-8 text: it is UTF-16 .it begins with FF FE.; save it as UTF-8"),
        ("text\n".encode("utf-16-be"), {}, "it begins with U.0000, as UTF-16"),
        ("text\n".encode("utf-32"), {}, "it is UTF-32 .it begins with FF FE 00 00."),
    ],
)
def test_ambiguous_input_is_refused_as_a_whole(body: bytes | str, layout: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        read("csv", body, **layout)


@pytest.mark.parametrize("body", ['{"inputs": ["a"]}', '\n{\n  "inputs": ["a"]\n}\n', '{"text": "a"}\n{"text": "b"}\n'])
def test_json_is_refused_as_plain_text(body: str) -> None:
    with pytest.raises(BadRequest, match=r"line [12] is JSON, not a text: say so"):
        read("text", body)
    with pytest.raises(BadRequest, match=r"line [12] is JSON, not a text: say so"):
        read("csv", body)
    assert texts(read("text", "{ a } b\n{\n" + body)) == ["{ a } b", "{", *filter(None, body.split("\n"))]


def test_a_quotation_mark_that_is_closed_too_late_swallows_nothing() -> None:
    row = "fine " * 20
    rows_read = read("csv", 'text\n"open\n' + f"{row}\n" * 1100 + 'end"\n')
    assert [each.input for each in rows_read] == ["", *[row] * 1100, 'end"']
    assert rows_read[0].error == "line 2: a quotation mark is opened and not closed within 100000 characters"
    (long,) = read("csv", 'text\n"open\n' + f"{row}\n" * 500 + 'end"\n')
    assert str(long.error).endswith("it has 50508")


# ---- lines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not JSON: Expecting property name .* at column 2"),
        ('{"input": NaN}', "line 2 is not taken: 'input': it is NaN, which JSON does not have"),
        ('{"input": "a", "x": [{"y": 1e999}]}', r"'x\[0\]\.y': it is Infinity, .* or a number too large"),
        ('{"input": "a", "x": [1, -Infinity]}', r"'x\[1\]': it is Infinity"),
        ('{"input": "nice \\ud83d lamp"}', r"'input': it has half of a surrogate pair \(U\+D83D\) as character 6"),
        ('"\\u0000"', r"line 2 is not taken: it has U\+0000 as character 1"),
        ('{"input": "a", "input": "b"}', "line 2 is not taken: 'input': it is given twice in one object"),
        ("[" * 70 + "]" * 70, "line 2 is not JSON that is read here: nested deeper than 64 levels at column 65"),
        ("9" * 5000, "line 2 is not taken: a whole number has more digits than are read"),
        ("null", "line 2, or one of its fields .* must be a string, a number, a list or an object: it is null"),
        ('{"other": 1}', "line 2 must be a string, a number or a list, or have one of input, inputs, text, prompt"),
        ('{"inputs": ["a"]}', "line 2: 'inputs' must be a string of 1 to 20000 characters: it is a list"),
        ('{"input": []}', "line 2: 'input' must not be empty: it is a list without values"),
        ('{"input": {"s3": "s3://data/x.csv"}}', "line 2: 'input' must be the value itself: this is a file"),
        ('{"text": " \\n "}', "line 2: 'text' must be a string of 1 to 20000 characters: it is blank"),
        ('{"text": null}', "line 2: 'text' must be .*: it is null"),
        (b'"caf\xe9"', "line 2, byte 5 .0xE9. is not UTF-8"),
    ],
)
def test_a_malformed_line_affects_no_other(line: bytes | str, message: str) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    lines_read = read("jsonlines", b'"a"\n' + raw + b'\n\n"b"\n')
    assert [each.input for each in lines_read] == ["a", "", "b"]
    assert re.search(message, lines_read[1].error or "")
    with pytest.raises(BadRequest, match=message):
        formats.read(b'"a"\n' + raw, "application/jsonlines")


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'"a"\n"'
        yield from (b"x" * 100_000 for _ in range(300))
        yield b'"\n"b"\n'

    tracemalloc.start()
    lines_read = [(each.input, each.error) for each in records.read("jsonlines", chunks())]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines_read == [("a", None), ("", "line 2 has more than 1048576 bytes"), ("b", None)]
    assert peak < 4 * encoding.MAX_LINE_BYTES


def test_record_ids_are_kept_even_for_invalid_records() -> None:
    body = (
        '{"id": "a", "input": "x"}\n{"id": 7, "input": ""}\n{"id": [1], "input": "x"}\n"x"\n{"id": true, "text": "x"}\n'
    )
    assert [each.id for each in read("jsonlines", body)] == ["a", 7, None, None, None]
    assert [each.id for each in read("csv", "ID,text\n1,x\n2,\n3\n")] == ["1", "2", None]
    assert [each.id for each in read("csv", "id\nx\n", column="id")] == [None]
    assert read("jsonlines", json.dumps({"id": "x" * 257, "input": "x"}))[0].id is None


# ---- inputs of other types than text -------------------------------------------------------------------------------

JSON_INPUTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON_INPUTS, min_size=1, max_size=4)
NUMBERS = st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
INPUTS = NUMBERS | OBJECTS | st.lists(JSON_INPUTS, min_size=1)


@MORE
@given(st.lists(INPUTS, min_size=1, max_size=5))
def test_lines_of_any_json_value_round_trip(inputs: list[Any]) -> None:
    body = "".join(json.dumps({"id": place, "input": value}) + "\n" for place, value in enumerate(inputs))
    assert texts(read("jsonlines", body)) == inputs
    assert list(formats.read(body, "application/jsonlines").inputs) == inputs
    assert list(formats.read(json.dumps({"inputs": inputs}), "application/json").inputs) == inputs
    plain = [value for value in inputs if not isinstance(value, dict)]
    assert texts(read("jsonlines", "".join(json.dumps(value) + "\n" for value in plain))) == plain


@MORE
@given(st.lists(OBJECTS.filter(lambda row: set(row) - {"id"}), min_size=1, max_size=5))
def test_a_line_is_a_row_only_if_the_caller_says_so(rows: list[dict[str, Any]]) -> None:
    body = "".join(json.dumps({**row, "id": place}) + "\n" for place, row in enumerate(rows))
    expected = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    read_rows = read("jsonlines", body, column="*")
    assert texts(read_rows) == expected
    assert [each.id for each in read_rows] == list(range(len(rows)))


def test_rows_of_csv_are_objects_under_their_headings() -> None:
    body = 'id,age,city,smoker\n7,59.5,Ulm,true\n8,,"Bad, Homburg",\n9,old,x,no\n10,1\n'
    plain = read("csv", body, column="*")
    assert plain[0] == Record({"age": "59.5", "city": "Ulm", "smoker": "true"}, None, "7")
    typed = read("csv", body, column="*", types={"age": "double", "smoker": "boolean"})
    assert typed[0].input == {"age": 59.5, "city": "Ulm", "smoker": True}
    assert typed[1].input == {"age": None, "city": "Bad, Homburg", "smoker": None}
    assert (typed[2].error, typed[2].id) == ("line 4: 'age' must be a number", "9")
    assert typed[3].error == "line 5 has 2 cells, the first row 4"
    assert read("csv", "patient,n\np1,3\n", column="*", id="patient", types={"n": "bigint"}) == [
        Record({"n": 3}, None, "p1")
    ]
    assert formats.read(b"a,b\n1,x\n", "text/csv; column=*").inputs == ({"a": "1", "b": "x"},)


@pytest.mark.parametrize(
    ("body", "layout", "message"),
    [
        ("a;b\n1;2\n", {}, "seem to be separated by a semicolon"),
        ("a,a\n1,2\n", {}, "two columns are called 'a'"),
        ("a,\n1,2\n", {}, "column 2 has no name"),
        ("id\n1\n", {}, "the only column names the records"),
        ("a\rb\n1\n", {}, "end with CR alone"),
        ("a,b\n1,2\n", {"types": {"c": "double"}}, "no column 'c', to which batch.types gives a type"),
        ("a,b\n1,2\n", {"id": "key"}, "must be in one column 'key'; there is 'a', 'b'"),
    ],
)
def test_a_table_that_makes_no_objects_is_refused(body: str, layout: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        read("csv", body, column="*", **layout)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1] * 50_001], "at most 100000 characters as JSON: it has 100005"),
        (json.loads("[" * 33 + "1" + "]" * 33), "must nest at most 32 levels"),
        ({"a": {"b": 10**400}}, "'a.b': it is a number that is too large"),
        ({"s3": "s3://data/x.jpg"}, "this is a file by its S3 path"),
        (None, "it is null"),
        (False, "it is false"),
    ],
)
def test_an_input_has_a_size_a_depth_and_a_type(value: Any, message: str) -> None:
    body = json.dumps({"inputs": ["a", value]})
    with pytest.raises(BadRequest, match=message) as refused:
        formats.read(body, "application/json")
    assert refused.value.param == "inputs[1]"
    (_, line) = read("jsonlines", f'"a"\n{json.dumps({"input": value})}\n')
    assert re.search(message, str(line.error))


def test_the_largest_input_is_accepted() -> None:
    deepest = json.loads("[" * 32 + "1" + "]" * 32)
    largest = [1] * 49_998 + [10]
    assert formats.read(json.dumps({"inputs": [deepest, largest]}), "application/json").inputs == (deepest, largest)


# ---- content types -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "inputs"),
    [
        ('text/csv; delimiter=";"', "id;text\n1;a\n", ("a",)),
        ("text/csv;Delimiter=tab ; charset=UTF-8", "id\ttext\n1\ta\n", ("a",)),
        ("text/csv; column=review", "review,text\na,b\n", ("a",)),
        ('text/csv; column="my \\"words\\""; header=present', '"my ""words""",x\na,b\n', ("a",)),
        ("application/jsonlines; column=words", '{"words": "a", "text": "b"}\n', ("a",)),
        ("text/plain", 'a\u2028b, "c"\r\n\r\nd', ('a\u2028b, "c"', "d")),
        ("application/json; charset=iso-8859-1", '\ufeff{"inputs": ["é"]}', ("é",)),
    ],
)
def test_a_content_type_says_how_the_body_is_laid_out(content_type: str, body: str, inputs: tuple[str, ...]) -> None:
    assert formats.read(body.encode(), content_type).inputs == inputs


@pytest.mark.parametrize(
    ("content_type", "error", "message"),
    [
        ("text/csv; delimiter=x", BadRequest, "delimiter 'x' must be one of"),
        ("text/csv; charset=iso-8859-1", UnsupportedMediaType, "read as UTF-8, .* charset 'iso-8859-1'"),
        ("text/html", UnsupportedMediaType, "not one of application/json, application/jsonlines, text/csv, text/plain"),
    ],
)
def test_an_unsupported_content_type_is_refused(content_type: str, error: type[BadRequest], message: str) -> None:
    with pytest.raises(error, match=message):
        formats.read("text\na\n", content_type)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"inputs": ["a"],\n "parameters": {"temperature": NaN}}', "'parameters.temperature': it is NaN"),
        ('{"inputs": ["a"], "parameters": {"temperature": 1e400}}', "'parameters.temperature': it is Infinity"),
        ('{"inputs": ["a", "b\\ud83d"]}', r"'inputs\[1\]': it has half of a surrogate pair"),
        ('{"inputs": ["a"], "inputs": ["b"]}', "'inputs': it is given twice"),
        ('{"inputs":\n' + "[" * 80 + "]" * 80 + "}", "nested deeper than 64 levels at line 2 column 64"),
        ('{"inputs": ["caf\xe9"]}'.encode("latin-1"), "line 1, byte 17 .0xE9. is not UTF-8"),
        ('{"inputs": ["a"]}'.encode("utf-16"), "the body is not UTF-8 text: it is UTF-16"),
        ('{"inputs": ["a"]', "the body is not JSON: Expecting ',' delimiter at line 1 column 17"),
    ],
)
def test_invalid_json_is_reported_with_its_position(body: bytes | str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        formats.read(body, "application/json")
