"""The wire reader on messages encoded by hand after the protocol-buffer specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.terraform.warm_provider import wire


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        out.append((value & 0x7F) | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def entry(number: int, key: str, size: int = 3) -> bytes:
    return field(number, field(1, key.encode()) + field(2, b"x" * size))


def test_narrowing_keeps_the_provider_block_and_the_named_types_only() -> None:
    schema = (
        field(1, b"provider block")
        + entry(wire.RESOURCE_SCHEMAS, "aws_a", 300)
        + entry(wire.RESOURCE_SCHEMAS, "aws_b")
        + entry(wire.DATA_SOURCE_SCHEMAS, "aws_c")
        + field(6, b"capabilities")
        + entry(wire.FUNCTIONS, "arn_parse")
    )
    assert wire.narrow_schema(schema, frozenset({"aws_a", "aws_c"})) == (
        field(1, b"provider block")
        + entry(wire.RESOURCE_SCHEMAS, "aws_a", 300)
        + entry(wire.DATA_SOURCE_SCHEMAS, "aws_c")
        + field(6, b"capabilities")
    )


@given(st.sets(st.from_regex(r"aws_[a-z]{1,200}", fullmatch=True)), st.sets(st.sampled_from(["aws_x", "aws_y"])))
def test_narrowing_never_invents_or_loses_a_type(present: set[str], kept: set[str]) -> None:
    schema = b"".join(entry(wire.RESOURCE_SCHEMAS, name) for name in sorted(present))
    assert wire.schema_types(schema) == present
    assert wire.schema_types(wire.narrow_schema(schema, frozenset(kept))) == present & kept


def number(field_number: int, value: int) -> bytes:
    return varint(field_number << 3) + varint(value)


def nested(name: str, block: bytes) -> bytes:
    return field(3, field(1, name.encode()) + field(2, block) + number(3, 2))


def resource(name: str, block: bytes) -> bytes:
    return field(wire.RESOURCE_SCHEMAS, field(1, name.encode()) + field(2, number(1, 0) + field(2, block)))


def test_a_large_type_keeps_its_attributes_and_the_named_blocks_at_every_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGE_BYTES", 300)
    attribute = field(2, b"a" * 150)
    small = resource("aws_small", attribute + nested("elsewhere", attribute[:20]))
    deep = nested("rule", nested("action", attribute) + nested("not_statement", attribute))
    schema = small + resource("aws_large", number(1, 3) + attribute + deep + nested("not_statement", attribute))
    expected = resource("aws_large", number(1, 3) + attribute + nested("rule", nested("action", attribute)))
    assert wire.cut_large_types(schema, frozenset({"rule", "action"})) == small + expected
    assert wire.large_types(schema, frozenset({"aws_small", "aws_large", "aws_other"})) == {"aws_large"}


def test_an_unknown_wire_type_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(ValueError, match="wire type 0 in field 2"):
        wire.schema_types(varint(2 << 3 | 0) + varint(5))


@pytest.mark.parametrize(("severity", "expected"), [(1, True), (2, False)])
def test_configure_fails_on_errors_and_not_on_warnings(severity: int, expected: bool) -> None:
    diagnostic = varint(1 << 3) + varint(severity) + field(2, b"summary")
    assert wire.has_error(field(1, diagnostic)) is expected


def test_capabilities_do_not_make_another_configuration() -> None:
    plan, apply = (
        field(1, b"1.11") + field(2, b"cfg") + field(3, b"cap"),
        field(1, b"1.11") + field(2, b"cfg"),
    )
    assert wire.provider_config(plan) == wire.provider_config(apply) == b"cfg"
