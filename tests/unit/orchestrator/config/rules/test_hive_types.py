"""Column types are those that Glue keeps and Athena reads."""

from __future__ import annotations

import pytest

from orchestrator.config.problems import InvalidValue
from orchestrator.config.rules import hive_types


@pytest.mark.parametrize(
    "text",
    [
        *hive_types.PRIMITIVES,
        *("char(1)", "varchar(65535)", "decimal", "decimal(38)", "decimal(11,5)", "decimal(3, 3)"),
        *("array<string>", "map<string,array<int>>", "struct<a:int,b_2:struct<c:decimal(3,1)>>"),
    ],
)
def test_a_type_is_taken(text: str) -> None:
    hive_types.check(text)


@pytest.mark.parametrize(
    ("text", "said", "meant"),
    [
        ("banana", "has `banana`, which is not a type", None),
        ("integer", "has `integer`, which is not a type", "int"),
        ("text", "which is not a type", "string"),
        ("strin", "which is not a type", "string"),
        ("string(5)", "has `(5)` after the type", None),
        ("varchar", "requires a length for varchar, from 1 to 65535", "varchar(10)"),
        ("char(256)", "requires a length for char, from 1 to 255", "char(10)"),
        ("decimal(39,1)", "requires a precision of 1 to 38 for decimal", "decimal(10,2)"),
        ("decimal(2,3)", "a scale not greater than it", "decimal(10,2)"),
        ("array", "requires an element type for array", "array<string>"),
        ("array<>", "which is not a type", None),
        ("array<int,int>", "has a malformed array", "array<string>"),
        ("array<int", "has a malformed array", "array<string>"),
        ("map<string>", "has a malformed map", "map<string,double>"),
        ("struct<int>", "must name each field of struct", "struct<id:string,rating:double>"),
        ("array<banana>", "has `banana`, which is not a type", None),
        ("array<" * 60 + "int" + ">" * 60, "which is not a type", None),
        ("", "which is not a type", None),
    ],
)
def test_a_text_that_is_not_a_type_is_rejected(text: str, said: str, meant: str | None) -> None:
    with pytest.raises(InvalidValue) as refused:
        hive_types.check(text)
    assert said in str(refused.value)
    if meant is not None:
        assert refused.value.suggestion == meant
        hive_types.check(meant)
