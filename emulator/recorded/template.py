"""Values in `fields` of a noun: text, lists and maps with `{references}` into the record.

A reference is a dotted path (`{modelSource.copyFrom}`). Text that consists of one reference becomes the
referenced value, of any type; a value whose reference has no target is omitted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REFERENCE = re.compile(r"\{([\w.]+)\}")
MISSING = object()


def render(value: Any, record: Mapping[str, Any]) -> Any:
    """Resolve the references of a value; return `MISSING` if nothing is left of it."""
    if isinstance(value, str):
        return _text(value, record)
    if isinstance(value, Mapping):
        rendered = {key: render(item, record) for key, item in value.items()}
        kept = {key: item for key, item in rendered.items() if item is not MISSING}
        return kept if kept or not value else MISSING
    if isinstance(value, list):
        items = [item for item in (render(item, record) for item in value) if item is not MISSING]
        return items if items or not value else MISSING
    return value


def _text(value: str, record: Mapping[str, Any]) -> Any:
    whole = REFERENCE.fullmatch(value)
    if whole:
        return resolve(whole[1], record)
    if any(resolve(path, record) is MISSING for path in REFERENCE.findall(value)):
        return MISSING
    return REFERENCE.sub(lambda match: str(resolve(match[1], record)), value)


def resolve(path: str, record: Mapping[str, Any]) -> Any:
    value: Any = record
    for part in path.split("."):
        if not isinstance(value, Mapping) or value.get(part) is None:
            return MISSING
        value = value[part]
    return value
