"""The authorizer of the API's key door: the token of a request to the key that it is, or a refusal.

A token is the value of an API key, as `x-api-key: <key>` or as `Authorization: Bearer <key>`. API Gateway reads the
answer's policy (may this request go on?), its usage key (which usage plan counts it?), and hands its context on to
the function behind (who asks, for which blueprints?).
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
    """API Gateway answers 401 to an authorizer that fails with exactly this word, and 500 to any other failure."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: Document, context: Any) -> Document:
    """A request without a token is 401, one with a wrong token 403; only the refusal's reason is logged."""
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
    log.info("let in", extra={"principal": key.principal})
    return {**answer(key.principal, "Allow", resource), "usageIdentifierKey": token, "context": context_of(key)}


def answer(principal: str, effect: str, resource: str) -> Document:
    """For this one request: nothing is cached, so the policy need not speak of others."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def context_of(key: Key) -> dict[str, str]:
    """The context, which may hold texts, numbers and truth values only."""
    return {"principal": key.principal, "blueprints": ",".join(key.blueprints)}
