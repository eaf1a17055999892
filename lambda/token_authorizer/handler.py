"""Authorize API Gateway requests by API key.

A token is the value of an API key, as `x-api-key: <key>` or as `Authorization: Bearer <key>`. API Gateway applies the
returned policy, counts the request in the usage plan of the usage key, and passes the context (principal and permitted
blueprints) to the function behind.
"""

from __future__ import annotations

import os
import time
from typing import Any

from inference_common.logs import bind, get_logger
from token_authorizer.keys import Key, KeyTable
from token_authorizer.settings import Settings
from token_authorizer.store import ParameterStore
from token_authorizer.tokens import NoToken, TwoTokens, presented

SETTINGS = Settings.read(os.environ)
LOG = get_logger("token_authorizer")
KEYS = KeyTable(ParameterStore(SETTINGS.keys_prefix), SETTINGS.cache_seconds, time.monotonic, LOG)

Document = dict[str, Any]


class Unauthorized(Exception):
    """API Gateway answers 401 if the authorizer fails with exactly this name, and 500 for any other failure."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: Document, context: Any) -> Document:
    """Authorize one request: 401 without a token, 403 with a wrong one. Logs the reason only, never the token."""
    log = bind(LOG, request_id=event.get("requestContext", {}).get("requestId") or context.aws_request_id)
    resource = event["methodArn"]
    try:
        token = presented(event.get("headers") or {})
    except NoToken:
        log.info("refused", extra={"reason": "no token"})
        raise Unauthorized from None
    except TwoTokens:
        log.info("refused", extra={"reason": "two different tokens"})
        return answer("unknown", "Deny", resource)
    key = KEYS.find(token)
    if key is None:
        log.info("refused", extra={"reason": "unknown token"})
        return answer("unknown", "Deny", resource)
    log.info("admitted", extra={"principal": key.principal})
    return {**answer(key.principal, "Allow", resource), "usageIdentifierKey": token, "context": context_of(key)}


def answer(principal: str, effect: str, resource: str) -> Document:
    """Build the policy for this one request; results are not cached."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def context_of(key: Key) -> dict[str, str]:
    """Build the context, whose values must be strings, numbers or booleans."""
    return {"principal": key.principal, "blueprints": ",".join(key.blueprints)}
