"""Responses that API Gateway generates itself, in AWS's default form or the one that was deployed.

An API may replace each refusal (`aws_api_gateway_gateway_response`): status, headers, and a body template
with `$context` variables. `DEFAULT_4XX` and `DEFAULT_5XX` replace types without their own response.
"""

from __future__ import annotations

import json
import re

from werkzeug.wrappers import Response

from emulator.services.apigateway.moto_view import GatewayResponse, Stage

_VARIABLE = re.compile(r"\$context\.([a-zA-Z.]*[a-zA-Z])")
_HEADER = "gatewayresponse.header."


class Refused(Exception):
    """A request that the gateway answers itself.

    Args:
        status: AWS's default status of this refusal.
        message: AWS's message; `None` if AWS has none and returns `null`.
        error_type: value of `x-amzn-ErrorType`.
        response_type: which gateway response may replace it.
    """

    def __init__(self, status: int, message: str | None, error_type: str, response_type: str) -> None:
        super().__init__(message)
        self.message = message
        self.status, self.error_type, self.response_type = status, error_type, response_type


def render(refusal: Refused, stage: Stage | None, request_id: str) -> Response:
    """Return the response to a refused request; `stage` is `None` if the URL matches none."""
    headers = {"x-amzn-ErrorType": refusal.error_type}
    deployed = _deployed(refusal, stage)
    if deployed is None or stage is None:
        body = json.dumps({"message": refusal.message})
        return Response(body, refusal.status, headers, content_type="application/json")
    context = {
        "requestId": request_id,
        "apiId": stage.api_id,
        "stage": stage.name,
        "error.message": refusal.message or "",
        "error.messageString": json.dumps(refusal.message),
        "error.responseType": refusal.response_type,
    }
    for name, value in deployed.parameters.items():
        if name.startswith(_HEADER):
            headers[name.removeprefix(_HEADER)] = _value(value, context)
    template = deployed.templates.get("application/json", '{"message": $context.error.messageString}')
    body = _VARIABLE.sub(lambda match: context.get(match[1], ""), template)
    return Response(body, deployed.status or refusal.status, headers, content_type="application/json")


def _deployed(refusal: Refused, stage: Stage | None) -> GatewayResponse | None:
    if stage is None:
        return None
    default = "DEFAULT_4XX" if refusal.status < 500 else "DEFAULT_5XX"
    return stage.responses.get(refusal.response_type) or stage.responses.get(default)


def _value(mapped: str, context: dict[str, str]) -> str:
    """Return a header's value: that of a literal in single quotes, or of a variable."""
    if mapped.startswith("'") and mapped.endswith("'"):
        return mapped[1:-1]
    return context.get(mapped.removeprefix("context."), "")
