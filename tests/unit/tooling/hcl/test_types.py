from __future__ import annotations

import pytest

from tooling.hcl.types import Field, Type, parse


@pytest.mark.parametrize("text", ["string", "list(string)", "map(list(number))", "any"])
def test_a_plain_type_is_its_own_name(text: str) -> None:
    assert parse(text) == Type(text)


def test_an_object_has_fields_with_their_defaults() -> None:
    text = """object({
      name = string
      days = optional(number, 4)
      note = optional(string)
      tags = optional(map(string), { a = "x, y", b = "]" })
    })"""
    assert parse(text).fields == (
        Field("name", Type("string")),
        Field("days", Type("number"), optional=True, default="4"),
        Field("note", Type("string"), optional=True),
        Field("tags", Type("map(string)"), optional=True, default='{ a = "x, y", b = "]" }'),
    )


def test_fields_may_stand_on_one_line_and_lie_deep() -> None:
    parsed = parse("map(object({ a = object({ b = bool, c = list(object({ d = string })) }) }))")
    assert parsed.name == "map(object)"
    [outer] = parsed.fields
    assert [(field.name, field.type.name) for field in outer.type.fields] == [("b", "bool"), ("c", "list(object)")]
    assert outer.type.fields[1].type.fields == (Field("d", Type("string")),)


@pytest.mark.parametrize("text", ["", "object(string)", "var.x"])
def test_what_is_not_a_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no (type|object)"):
        parse(text)
