"""Texts in and answers out in the formats that people have: JSON, JSON Lines, CSV. Pure.

`read` is the preprocessor: a body of a content type becomes an InferenceRequest. `write` is the
postprocessor: outputs become a body of the type that the caller accepts; JSON is not written here, since its
envelope belongs to the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inference_common.errors import BadRequest, UnsupportedMediaType
from inference_common.json_input import loads
from inference_common.json_output import dumps
from inference_common.requests import InferenceRequest, checked, parse_request

JSON = "application/json"
JSON_LINES = "application/jsonlines"
CSV = "text/csv"
ALIASES = {
    "application/x-ndjson": JSON_LINES,
    "application/jsonl": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/x-www-form-urlencoded": JSON,  # what curl and urllib say unless told otherwise
}
TEXT_FIELDS = ("input", "inputs", "text", "prompt")
HEADERS = {*TEXT_FIELDS, "review", "review_body"}


def media_type(value: str | None) -> str:
    """`Text/CSV; charset=utf-8` is `text/csv`."""
    plain = (value or JSON).partition(";")[0].strip().lower()
    return ALIASES.get(plain, plain)


def read(body: str, content_type: str | None) -> InferenceRequest:
    """The request in a body of any known type."""
    kind = media_type(content_type)
    if kind not in READERS:
        raise UnsupportedMediaType(f"content type '{kind[:64]}' is not one of {', '.join(READERS)}")
    return READERS[kind](body)


def read_json_lines(body: str) -> InferenceRequest:
    """One text per line: a JSON string, or an object with the text in one of the usual fields."""
    inputs = []
    for number, line in enumerate(body.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = loads(line)
        except ValueError:
            raise BadRequest(f"line {number} is not JSON") from None
        if isinstance(value, dict):
            value = next((value[name] for name in TEXT_FIELDS if name in value), None)
        if not isinstance(value, str):
            raise BadRequest(f"line {number} must be a string or have one of {', '.join(TEXT_FIELDS)}")
        inputs.append(value)
    return InferenceRequest(checked(inputs))


def read_csv(body: str) -> InferenceRequest:
    """One text per row, in the only column or in the one whose heading says so."""
    import csv

    try:
        rows = [row for row in csv.reader(body.splitlines(keepends=True), strict=True) if row]
    except csv.Error as error:
        raise BadRequest(f"the body is not CSV: {error}") from None
    column = 0
    named = [index for index, name in enumerate(rows[0]) if name.strip().lower() in HEADERS] if rows else []
    if named:
        column, rows = named[0], rows[1:]
    elif any(len(row) != 1 for row in rows):
        raise BadRequest(
            f"CSV of several columns needs a heading; the text's must be one of {', '.join(sorted(HEADERS))}"
        )
    if any(len(row) <= column for row in rows):
        raise BadRequest("a row of the CSV has no text")
    return InferenceRequest(checked([row[column] for row in rows]))


READERS: dict[str, Callable[[str], InferenceRequest]] = {
    JSON: parse_request,
    JSON_LINES: read_json_lines,
    CSV: read_csv,
}


def accepted(value: str | None) -> str:
    """The first type in an Accept header that can be written; JSON when the header names none of them."""
    wanted = [media_type(part) for part in (value or JSON).split(",")]
    return next((kind for kind in wanted if kind in WRITERS or kind == JSON), JSON)


def write_json_lines(outputs: Sequence[Mapping[str, Any]]) -> str:
    return "".join(dumps(output) + "\n" for output in outputs)


def write_csv(outputs: Sequence[Mapping[str, Any]]) -> str:
    """A heading of all fields in the order in which they appear; what is no text is JSON in its cell."""
    fields = list(dict.fromkeys(name for output in outputs for name in output))
    rows = [fields, *([output.get(name, "") for name in fields] for output in outputs)]
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: Any) -> str:
    """Quoted where RFC 4180 wants it. Python's own writer leaves a lone \\r bare, which ends a row for its own reader.

    An empty cell is quoted too: a row of nothing else would be a blank line, which readers skip.
    """
    text = value if isinstance(value, str) else dumps(value)
    quoted = not text or any(each in text for each in ',"\r\n')
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted else text


WRITERS: dict[str, Callable[[Sequence[Mapping[str, Any]]], str]] = {JSON_LINES: write_json_lines, CSV: write_csv}
