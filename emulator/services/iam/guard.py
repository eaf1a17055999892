"""WSGI middleware: pass authorized requests on, and refuse others as AWS would."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from emulator.http import routes
from emulator.http.routes import Route
from emulator.moto.wire import Environ, StartResponse, Wsgi, keep_body
from emulator.services.iam import context, decisions, moto_requests, needs, signatures, storage
from emulator.services.iam.needs import Call, Need
from emulator.services.iam.policy import (
    Applicable,
    Decision,
    Effect,
    MalformedPolicy,
    Policy,
    Principal,
    Request,
    decide,
)
from emulator.services.iam.signatures import BadSignature, Signature

LOG = logging.getLogger(__name__)

ALWAYS_ALLOWED = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
NO_VERSION_2 = (
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256. "
    '(boto3 presigns so with Config(signature_version="s3v4"))'
)
"""S3 rejects Signature Version 2 for buckets created after June 2020."""
APIS_OWN = "execute-api"
"""The service that requests to deployed APIs are signed for; no other path accepts it."""
BOUND_TOO = ("s3", "sts")
"""Services whose resource policies restrict the administrator: a bucket's Deny, a role's trust."""
SERVICE_HEADER, SOURCE_HEADER = "HTTP_X_EMULATOR_SERVICE", "HTTP_X_EMULATOR_SOURCE_ARN"
"""Set by the emulator itself where an AWS service assumes a role."""

OWN_HEADER = "HTTP_X_EMULATOR_OWN"
"""Set by the emulator on its own calls; ignored on all others."""

LOOPBACK = "127.0.0.1"

needs.SPECIAL["s3"] = storage.of


@dataclass(frozen=True)
class Identity:
    """The principal of a key, with the policies that are in force for it."""

    principal: Principal
    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    administrator: bool = False
    function_arn: str = ""
    """ARN of the Lambda function whose environment holds the key."""
    secret: str = field(default="", repr=False)
    """The secret that signs the key's requests."""


class Refused(Exception):
    """A refused request; `code` is AWS's name of the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Registry(needs.World, Protocol):
    """The current state of the account."""

    def identity(self, access_key_id: str, token: str) -> Identity:
        """Return the identity of a key. Raise `Refused` if the key does not exist or has expired."""

    def is_administrator(self, access_key_id: str, secret: str) -> bool: ...

    def service(self, name: str) -> Identity:
        """Return an AWS service that acts on its own behalf."""

    def resource_policy(self, arn: str) -> Policy | None: ...


class Guard:
    """Authorizes requests before the application handles them.

    Args:
        enforce: enforce policies. Callers are authenticated in any case.
    """

    def __init__(self, application: Wsgi, registry: Registry, account: str, *, enforce: bool = True) -> None:
        self._application = application
        self._registry = registry
        self._account = account
        self._enforce = enforce

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            self._admit(environ)
        except Refused as refused:
            return moto_requests.refusal(environ, refused.code, refused.message)(environ, start_response)
        return self._application(environ, start_response)

    def _admit(self, environ: Environ) -> None:
        route = routes.of(environ)
        if route is Route.OWN:
            self._admit_administrator(environ)
        if route is not Route.AWS:
            environ.pop(OWN_HEADER, None)
            return
        signed = moto_requests.signature(environ)
        if signed is None and moto_requests.is_version_2(environ):
            raise Refused("InvalidRequest", NO_VERSION_2)
        if signed is None or signed.service == APIS_OWN:
            raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token")
        body = b"" if signed.service == "s3" else keep_body(environ)
        identity = authenticate(self._registry, environ, signed, body)
        _drop_moto_s_headers(environ)
        if not identity.administrator:
            environ.pop(OWN_HEADER, None)
        if not self._enforce:
            return
        if identity.administrator:
            if SERVICE_HEADER in environ:
                identity = self._registry.service(environ[SERVICE_HEADER])
            elif signed.service not in BOUND_TOO:
                return
        call = moto_requests.call(environ, signed, self._account)
        if (call.service, call.operation) in ALWAYS_ALLOWED:
            return
        for need in needs.of(call, self._registry):
            self._judge(identity, call, need, environ)

    def _admit_administrator(self, environ: Environ) -> None:
        """Check the basic authentication of the emulator's own pages: the administrator's key (`curl -u`)."""
        given = environ.get("HTTP_AUTHORIZATION", "")
        try:
            name, _, secret = base64.b64decode(given.removeprefix("Basic "), validate=True).decode().partition(":")
        except ValueError:
            name = secret = ""
        if not self._registry.is_administrator(name, secret):
            raise Refused(
                "MissingAuthenticationToken",
                "the emulator's own pages require the administrator's key: "
                'curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" (see `orchestrator emulator env`)',
            )

    def _judge(self, identity: Identity, call: Call, need: Need, environ: Environ) -> None:
        origin = Origin(
            environ.get("REMOTE_ADDR", LOOPBACK), environ.get("HTTP_USER_AGENT", ""), environ.get(SOURCE_HEADER, "")
        )
        decision = judge(self._registry, identity, call, need, origin)
        if not decision.allowed:
            raise Refused("AccessDenied", message(identity.principal, need, decision))


def authenticate(registry: Registry, environ: Environ, signed: Signature, body: bytes) -> Identity:
    """Return the identity that signed a request with this body.

    Raises:
        Refused: the key is unknown or has expired, or the signature is not valid.
    """
    identity = registry.identity(signed.access_key_id, signed.token)
    try:
        signatures.verify(environ, signed, identity.secret, body)
    except BadSignature as error:
        raise Refused(error.code, error.message) from error
    return identity


def _drop_moto_s_headers(environ: Environ) -> None:
    """Drop the header by which moto lets clients choose the account."""
    for name in [name for name in environ if name.startswith("HTTP_X_MOTO_")]:
        del environ[name]


@dataclass(frozen=True)
class Origin:
    """Source of a request."""

    source_ip: str = LOOPBACK
    user_agent: str = ""
    source_arn: str = ""


def judge(registry: Registry, identity: Identity, call: Call, need: Need, origin: Origin) -> Decision:
    """Decide on a request and note the decision."""
    principal = identity.principal
    own = {"lambda:SourceFunctionArn": identity.function_arn or None}
    keys = context.of(call, need, principal, origin.source_ip, origin.user_agent, origin.source_arn, own)
    request = Request(principal, need.action, need.resource, keys, context.owner(need.resource))
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
        _note(principal, need, decision)
    return decision


def _note(principal: Principal, need: Need, decision: Decision) -> None:
    new = decisions.STORE.note(
        principal=principal.arn,
        role=principal.role_arn,
        action=need.action,
        resource=need.resource or "unknown",
        decision="allowed" if decision.allowed else "denied",
        by=decision.by,
        because=decision.because,
        undecided=tuple(sorted(decision.undecided)),
    )
    if new and not decision.allowed:
        LOG.warning("%s", message(principal, need, decision))


def message(principal: Principal, need: Need, decision: Decision) -> str:
    """Return AWS's error message, followed by what only the emulator adds."""
    resource = f" on resource: {need.resource}" if need.resource not in (None, "*") else ""
    text = f"User: {principal.arn} is not authorized to perform: {need.action}{resource} {decision.because}"
    if need.resource is None:
        text += (
            ' (the emulator does not know which resource this call is about, so only a statement on "*" can allow it)'
        )
    if decision.undecided:
        text += f" (the emulator does not know {', '.join(sorted(decision.undecided))}, and fails closed)"
    return text
