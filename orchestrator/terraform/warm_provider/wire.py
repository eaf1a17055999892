"""Parse and change the few protocol-buffer messages that the proxy must understand.

Only `GetProviderSchema.Response` of tfplugin5 and the type names of some requests are parsed; everything else passes
through as bytes. Field numbers: terraform's `docs/plugin-protocol/tfplugin5.*.proto`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

RESOURCE_SCHEMAS, DATA_SOURCE_SCHEMAS, DIAGNOSTICS, FUNCTIONS, EPHEMERAL_SCHEMAS = 2, 3, 4, 7, 8
_SCHEMA_MAPS = frozenset({RESOURCE_SCHEMAS, DATA_SOURCE_SCHEMAS, EPHEMERAL_SCHEMAS})
_VARINT, _LENGTH_DELIMITED = 0, 2
_SCHEMA, _BLOCK, _NESTED_BLOCKS = 2, 2, 3
"""Field numbers in a map's entry, in a schema and a nested block, and in a block."""
LARGE_BYTES = 100_000
"""Most types have two thousand bytes; WAF's web ACL, whose statements contain statements, has half a million."""


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, payload and encoding of each field of a message with length-delimited fields only."""
    position = 0
    while position < len(data):
        start = position
        tag, position = _varint(data, position)
        if tag & 7 != _LENGTH_DELIMITED:
            raise ValueError(f"unexpected wire type {tag & 7} in field {tag >> 3} of the provider's schema")
        length, position = _varint(data, position)
        payload = data[position : position + length]
        position += length
        yield tag >> 3, payload, data[start:position]


def _any_fields(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield as `_fields`, for messages that also have numbers; a number's payload is empty."""
    position = 0
    while position < len(data):
        start = position
        tag, position = _varint(data, position)
        payload = b""
        if tag & 7 == _VARINT:
            _, position = _varint(data, position)
        elif tag & 7 == _LENGTH_DELIMITED:
            length, position = _varint(data, position)
            payload = data[position : position + length]
            position += length
        else:
            raise ValueError(f"unexpected wire type {tag & 7} in field {tag >> 3} of a block of the provider's schema")
        yield tag >> 3, payload, data[start:position]


def _map_key(entry: bytes) -> str:
    for number, payload, _ in _fields(entry):
        if number == 1:
            return payload.decode()
    raise ValueError("map entry without a key in the provider's schema")


def schema_types(schema: bytes) -> frozenset[str]:
    """Return the names of all resource, data source and ephemeral types in a schema response."""
    return frozenset(_map_key(payload) for number, payload, _ in _fields(schema) if number in _SCHEMA_MAPS)


def narrow_schema(schema: bytes, keep: frozenset[str]) -> bytes:
    """Return the schema response with only the types in `keep`, and without provider functions."""
    return b"".join(
        whole
        for number, payload, whole in _fields(schema)
        if number != FUNCTIONS and (number not in _SCHEMA_MAPS or _map_key(payload) in keep)
    )


def has_diagnostics(schema: bytes) -> bool:
    """Return whether a schema response has diagnostics."""
    return any(number == DIAGNOSTICS for number, _, _ in _fields(schema))


def large_types(schema: bytes, keep: frozenset[str]) -> frozenset[str]:
    """Return those of the types in `keep` whose schema is large enough to slow down its readers."""
    large = (
        _map_key(payload) for number, payload, whole in _fields(schema) if number in _SCHEMA_MAPS and _large(whole)
    )
    return frozenset(large) & keep


def cut_large_types(schema: bytes, blocks: frozenset[str]) -> bytes:
    """Return the schema response with, in large types, only the nested blocks of these names at every depth."""
    return b"".join(
        _field(number, _with(payload, _SCHEMA, lambda inner: _with(inner, _BLOCK, lambda block: _cut(block, blocks))))
        if number in _SCHEMA_MAPS and _large(whole)
        else whole
        for number, payload, whole in _fields(schema)
    )


def _large(entry: bytes) -> bool:
    return len(entry) > LARGE_BYTES


def _cut(block: bytes, names: frozenset[str]) -> bytes:
    parts = []
    for number, payload, whole in _any_fields(block):
        if number != _NESTED_BLOCKS:
            parts.append(whole)
        elif _type_name(payload) in names:
            parts.append(_field(number, _with(payload, _BLOCK, lambda inner: _cut(inner, names))))
    return b"".join(parts)


def _with(message: bytes, field: int, change: Callable[[bytes], bytes]) -> bytes:
    return b"".join(
        _field(number, change(payload)) if number == field else whole for number, payload, whole in _any_fields(message)
    )


def _field(number: int, payload: bytes) -> bytes:
    return _encoded(number << 3 | _LENGTH_DELIMITED) + _encoded(len(payload)) + payload


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes([*out, value])


def _type_name(message: bytes) -> str:
    """Return field 1, the type name, of a nested block or a request about a resource."""
    return next((payload.decode() for number, payload, _ in _any_fields(message) if number == 1), "")


def validated_type(request: bytes) -> str:
    """Return the resource type of a `ValidateResourceTypeConfig` request."""
    return _type_name(request)


def has_error(response: bytes) -> bool:
    """Return whether a response of diagnostics only (`Configure`) contains an error.

    `Diagnostic.severity` is field 1, a varint, and 1 means ERROR; protobuf writes fields in order.
    """
    return any(payload.startswith(b"\x08\x01") for _, payload, _ in _fields(response))


def provider_config(request: bytes) -> bytes:
    """Return the provider block of a `Configure` request (field 2).

    Terraform's client capabilities (field 3) differ between plan and apply, the configuration does not.
    """
    return b"".join(payload for number, payload, _ in _fields(request) if number == 2)
