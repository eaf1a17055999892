"""Build OpenAI error bodies: {"error": {message, type, param, code}}. Pure."""

from __future__ import annotations

from typing import Any

from inference_common.errors import ServiceError

SAYS: dict[str, tuple[str, str | None]] = {
    "BadRequest": ("invalid_request_error", None),
    "UnsupportedMediaType": ("invalid_request_error", "unsupported_media_type"),
    "Forbidden": ("permission_error", "model_forbidden"),
    "UnknownBlueprint": ("invalid_request_error", "model_not_found"),
    "PayloadTooLarge": ("invalid_request_error", "request_too_large"),
    "GuardrailBlocked": ("invalid_request_error", "content_filter"),
    "Throttled": ("rate_limit_error", "rate_limit_exceeded"),
    "NotReady": ("service_unavailable_error", "model_not_ready"),
    "Unavailable": ("service_unavailable_error", "model_unavailable"),
    "DeadlineExceeded": ("timeout_error", "timeout"),
}
ABOUT_THE_MODEL = ("Forbidden", "UnknownBlueprint")
STATUS = {"GuardrailBlocked": 400}
"""Statuses that differ from those of the platform's own API."""


def body_for(error: ServiceError) -> tuple[int, dict[str, Any]]:
    kind, code = SAYS.get(error.type, ("api_error", error.type))
    param = "model" if error.type in ABOUT_THE_MODEL else getattr(error, "param", None)
    body = {"error": {"message": error.message, "type": kind, "param": param, "code": code}}
    return STATUS.get(error.type, error.status), body
