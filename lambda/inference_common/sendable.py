"""Check that a request can be encoded for a model. Pure.

APIs refuse such input already. Payloads are checked again, so that no other path and no blueprint parameter fails in
the middle of a call as an internal or transient error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from inference_common.errors import BadRequest
from inference_common.json_input import leaves
from inference_common.model_answers import is_text
from inference_common.requests import InferenceRequest


def check_sendable(request: InferenceRequest) -> None:
    """Raise `BadRequest` for a field with a lone surrogate, NUL or a non-finite number."""
    for name, value in _fields(request):
        if isinstance(value, str):
            if not is_text(value):
                raise BadRequest(f"'{name}' has half of a surrogate pair, which is not a character", name)
            if "\0" in value:
                raise BadRequest(f"'{name}' has the character NUL, which models do not take", name)
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadRequest(f"'{name}' must be a finite number", name)


def _fields(request: InferenceRequest) -> Iterator[tuple[str, Any]]:
    for position, value in enumerate(request.inputs):
        yield from leaves(value, f"inputs[{position}]")
    for position, (_, text) in enumerate(request.turns):
        yield f"messages[{position}].content", text
    for name, value in request.parameters.items():
        yield from _parameter(name, value)


def _parameter(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | tuple):
        for position, each in enumerate(value):
            yield f"parameters.{name}[{position}]", each
    else:
        yield f"parameters.{name}", value
