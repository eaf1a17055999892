"""Convert request and response formats: JSON, JSON Lines, CSV and plain text. Pure.

`read` turns a body of a content type into an InferenceRequest. `write` turns outputs into a body of the type that the
caller accepts, except JSON, whose envelope belongs to the API. Most requests are JSON: what reads the other types is
imported with the first of them, because a function starts from sources and compiles each module that it imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inference_common.errors import BadRequest, UnsupportedMediaType
from inference_common.json_output import dumps
from inference_common.requests import MAX_INPUTS, InferenceRequest, checked, parse_request

if TYPE_CHECKING:
    from inference_common.records import Layout

JSON = "application/json"
JSON_LINES = "application/jsonlines"
CSV = "text/csv"
TEXT = "text/plain"
ALIASES = {
    "application/x-ndjson": JSON_LINES,
    "application/jsonl": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/x-www-form-urlencoded": JSON,  # the default of curl and urllib
}
PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)')
UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")


def media_type(value: str | None) -> str:
    """Return the media type: `Text/CSV; charset=utf-8` gives `text/csv`."""
    plain = (value or JSON).partition(";")[0].strip().lower()
    return ALIASES.get(plain, plain)


def layout_of(content_type: str | None) -> Layout:
    """Parse the parameters of a content type: `text/csv; column=review; delimiter=";"`."""
    from inference_common.records import Layout

    given = {}
    for name, value in PARAMETER.findall(content_type or ""):
        quoted = value.startswith('"')
        given[name.lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if quoted else value
    charset = given.get("charset", "utf-8")
    # JSON media types have no charset parameter; ignore what clients send.
    if media_type(content_type).startswith("text/") and charset.lower() not in UTF_8:
        raise UnsupportedMediaType(f"texts are read as UTF-8, and the content type says charset '{charset[:32]}'")
    delimiter = delimiter_of(given.get("delimiter", ","))
    if delimiter is None:
        raise BadRequest(
            f'the content type\'s delimiter \'{given["delimiter"][:16]}\' must be one of "," ";" "|" and tab'
        )
    return Layout(given.get("column") or None, delimiter)


def delimiter_of(name: str) -> str | None:
    """Return a delimiter; tab is given by name."""
    from inference_common.csv_rows import NAMES

    delimiter = "\t" if name.lower() == "tab" else name
    return delimiter if delimiter in NAMES else None


def read(body: str | bytes, content_type: str | None) -> InferenceRequest:
    """Parse a body of any supported type."""
    kind = media_type(content_type)
    if kind not in READERS:
        raise UnsupportedMediaType(f"content type '{kind[:64]}' is not one of {', '.join(READERS)}")
    return READERS[kind](body) if kind == JSON else READERS[kind](body, layout_of(content_type))


def read_json_lines(body: str | bytes, layout: Layout | None = None) -> InferenceRequest:
    """Parse one input per line: a JSON value, or an object with the input in one of the usual fields."""
    return _records("jsonlines", body, layout)


def read_csv(body: str | bytes, layout: Layout | None = None) -> InferenceRequest:
    """Parse one input per row: a text from the only column or the one named in the heading, or the row as an object."""
    return _records("csv", body, layout)


def read_text(body: str | bytes, layout: Layout | None = None) -> InferenceRequest:
    """Parse one text per line."""
    return _records("text", body, layout)


def _records(kind: str, body: str | bytes, layout: Layout | None) -> InferenceRequest:
    """Return the inputs of all records. Raises `BadRequest` for the first invalid one, or for too many."""
    from inference_common import records

    inputs = []
    try:
        data = body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError:
        raise BadRequest("the body is not UTF-8 text") from None
    for record in records.read(kind, [data], layout):
        if record.error:
            raise BadRequest(record.error)
        inputs.append(record.input)
        if len(inputs) > MAX_INPUTS:
            break
    return InferenceRequest(checked(inputs))


READERS: dict[str, Callable[..., InferenceRequest]] = {
    JSON: parse_request,
    JSON_LINES: read_json_lines,
    CSV: read_csv,
    TEXT: read_text,
}


def accepted(value: str | None) -> str:
    """Return the first supported type in an Accept header, or JSON."""
    kinds = [media_type(part) for part in (value or JSON).split(",")]
    return next((kind for kind in kinds if kind in WRITERS or kind == JSON), JSON)


def write_json_lines(outputs: Sequence[Mapping[str, Any]]) -> str:
    return "".join(dumps(output) + "\n" for output in outputs)


def write_csv(outputs: Sequence[Mapping[str, Any]]) -> str:
    """Write CSV with a heading of all fields in order of appearance; non-text values are written as JSON."""
    fields = list(dict.fromkeys(name for output in outputs for name in output))
    rows = [fields, *([output.get(name, "") for name in fields] for output in outputs)]
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: Any) -> str:
    """Quote a cell where RFC 4180 requires it. Python's own writer leaves \\r bare, where its own reader ends the row.

    Empty cells are quoted too, since a row of a single empty cell would be a blank line, which readers skip.
    """
    text = value if isinstance(value, str) else dumps(value)
    quoted = not text or any(each in text for each in ',"\r\n')
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted else text


WRITERS: dict[str, Callable[[Sequence[Mapping[str, Any]]], str]] = {JSON_LINES: write_json_lines, CSV: write_csv}
