"""WSGI middleware: a request goes on when its caller may make it, and is refused as AWS would refuse it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from emulator.authorization import context, decisions, needs, storage
from emulator.authorization.needs import Call, Need
from emulator.iam import Applicable, Decision, Effect, MalformedPolicy, Policy, Principal, Request, decide
from emulator.seams import requests
from emulator.seams.wire import Environ, StartResponse, Wsgi

LOG = logging.getLogger(__name__)

ALWAYS_ALLOWED = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
OPEN = ("/_emulator/", "/moto-api/")
"""The emulator's own pages, which AWS does not have."""
DEPLOYED_API = "/_user_request_"
"""Part of the paths of deployed APIs, whose stages decide about their callers themselves (`emulator.apigateway`)."""
BOUND_TOO = ("s3", "sts")
"""Services where a policy of the resource binds the administrator: a bucket's Deny, a role's trust."""
SERVICE_HEADER, SOURCE_HEADER = "HTTP_X_EMULATOR_SERVICE", "HTTP_X_EMULATOR_SOURCE_ARN"
"""Set by the emulator itself where an AWS service assumes a role."""

LOOPBACK = "127.0.0.1"

needs.SPECIAL["s3"] = storage.of


@dataclass(frozen=True)
class Identity:
    """Whoever a key belongs to, with the policies that are in force for him now."""

    principal: Principal
    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    administrator: bool = False
    function_arn: str = ""
    """Of the Lambda function whose environment the key is from."""


class Refused(Exception):
    """The request goes no further; `code` is AWS's name for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Registry(needs.World, Protocol):
    """The account as it is now."""

    def identity(self, access_key_id: str, token: str) -> Identity:
        """Raises `Refused` for a key that does not exist or has expired."""

    def service(self, name: str) -> Identity:
        """An AWS service, acting on its own behalf."""

    def resource_policy(self, arn: str) -> Policy | None: ...


class Guard:
    """In front of everything that answers."""

    def __init__(self, application: Wsgi, registry: Registry, account: str) -> None:
        self._application = application
        self._registry = registry
        self._account = account

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            self._admit(environ)
        except Refused as refused:
            return requests.refusal(environ, refused.code, refused.message)(environ, start_response)
        return self._application(environ, start_response)

    def _admit(self, environ: Environ) -> None:
        path = environ.get("PATH_INFO", "")
        signed = requests.signature(environ)
        if path.startswith(OPEN) or DEPLOYED_API in path:
            return
        if signed is None:
            raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token")
        identity = self._registry.identity(signed.access_key_id, signed.token)
        if identity.administrator:
            if SERVICE_HEADER in environ:
                identity = self._registry.service(environ[SERVICE_HEADER])
            elif signed.service not in BOUND_TOO:
                return
        call = requests.call(environ, signed, self._account)
        if (call.service, call.operation) in ALWAYS_ALLOWED:
            return
        for need in needs.of(call, self._registry):
            self._judge(identity, call, need, environ)

    def _judge(self, identity: Identity, call: Call, need: Need, environ: Environ) -> None:
        made = Made(
            environ.get("REMOTE_ADDR", LOOPBACK), environ.get("HTTP_USER_AGENT", ""), environ.get(SOURCE_HEADER, "")
        )
        decision = judge(self._registry, identity, call, need, made)
        if not decision.allowed:
            raise Refused("AccessDenied", message(identity.principal, need, decision))


@dataclass(frozen=True)
class Made:
    """From where and how a request was made."""

    source_ip: str = LOOPBACK
    user_agent: str = ""
    source_arn: str = ""


def judge(registry: Registry, identity: Identity, call: Call, need: Need, made: Made) -> Decision:
    """The decision, which is noted."""
    who = identity.principal
    own = {"lambda:SourceFunctionArn": identity.function_arn or None}
    keys = context.of(call, need, who, made.source_ip, made.user_agent, made.source_arn, own)
    request = Request(who, need.action, need.resource, keys, context.owner(need.resource))
    key_or_role = need.action.startswith(("kms:", "sts:AssumeRole")) and need.resource not in (None, "*")
    try:
        policies = Applicable(
            identity=identity.policies,
            boundary=identity.boundary,
            session=identity.session,
            resource=registry.resource_policy(need.resource) if need.resource else None,
            resource_must_allow=key_or_role,
        )
        decision = decide(request, policies)
    except MalformedPolicy as error:
        decision = Decision(Effect.IMPLICIT_DENY, "", f"because a policy cannot be read: {error}")
    if not identity.administrator or not decision.allowed:
        _note(who, need, decision)
    return decision


def _note(who: Principal, need: Need, decision: Decision) -> None:
    new = decisions.STORE.note(
        principal=who.arn,
        role=who.role_arn,
        action=need.action,
        resource=need.resource or "unknown",
        decision="allowed" if decision.allowed else "denied",
        by=decision.by,
        because=decision.because,
        undecided=tuple(sorted(decision.undecided)),
    )
    if new and not decision.allowed:
        LOG.warning("%s", message(who, need, decision))


def message(who: Principal, need: Need, decision: Decision) -> str:
    """As AWS words it; what only the emulator has to add comes after it."""
    resource = f" on resource: {need.resource}" if need.resource not in (None, "*") else ""
    text = f"User: {who.arn} is not authorized to perform: {need.action}{resource} {decision.because}"
    if need.resource is None:
        text += (
            ' (the emulator does not know which resource this call is about, so only a statement on "*" can allow it)'
        )
    if decision.undecided:
        text += f" (the emulator does not know {', '.join(sorted(decision.undecided))}, and fails closed)"
    return text
