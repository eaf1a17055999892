"""The few pieces of protocol-buffer wire format that the proxy has to read.

Only `GetProviderSchema.Response` of tfplugin5 is looked into; everything else passes through as
bytes. Field numbers: terraform's `docs/plugin-protocol/tfplugin5.*.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator

RESOURCE_SCHEMAS, DATA_SOURCE_SCHEMAS, FUNCTIONS, EPHEMERAL_SCHEMAS = 2, 3, 7, 8
_SCHEMA_MAPS = frozenset({RESOURCE_SCHEMAS, DATA_SOURCE_SCHEMAS, EPHEMERAL_SCHEMAS})
_LENGTH_DELIMITED = 2


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
    """Field number, payload and the whole encoded field, for messages of length-delimited fields."""
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


def _map_key(entry: bytes) -> str:
    for number, payload, _ in _fields(entry):
        if number == 1:
            return payload.decode()
    raise ValueError("map entry without a key in the provider's schema")


def schema_types(schema: bytes) -> frozenset[str]:
    """Names of all resource, data source and ephemeral types in a schema response."""
    return frozenset(_map_key(payload) for number, payload, _ in _fields(schema) if number in _SCHEMA_MAPS)


def narrow_schema(schema: bytes, keep: frozenset[str]) -> bytes:
    """The same schema response with only the types in `keep`, and without provider functions."""
    return b"".join(
        whole
        for number, payload, whole in _fields(schema)
        if number != FUNCTIONS and (number not in _SCHEMA_MAPS or _map_key(payload) in keep)
    )


def has_error(response: bytes) -> bool:
    """Whether a response of diagnostics only (`Configure`) holds an error.

    `Diagnostic.severity` is field 1, a varint, and 1 means ERROR; protobuf writes fields in order.
    """
    return any(payload.startswith(b"\x08\x01") for _, payload, _ in _fields(response))


def provider_config(request: bytes) -> bytes:
    """The provider block inside a `Configure` request (field 2).

    Terraform's client capabilities (field 3) differ between plan and apply, the configuration does not.
    """
    return b"".join(payload for number, payload, _ in _fields(request) if number == 2)
