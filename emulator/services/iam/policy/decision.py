"""The decision: explicit denies first, then every policy whose consent is required."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from emulator.services.iam.policy.conditions import Context
from emulator.services.iam.policy.documents import Policy, Statement
from emulator.services.iam.policy.principals import Named, Principal


class Effect(Enum):
    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True)
class Request:
    """One action on one resource. A call on several resources is several requests."""

    principal: Principal
    action: str
    resource: str | None = "*"
    """ARN; `*` for an action without resource type; `None` if unknown, which only `*` can allow."""
    context: Context = field(default_factory=Context.complete)
    resource_account: str = ""
    """Account that owns the resource; empty for the principal's account."""


@dataclass(frozen=True)
class Applicable:
    """The policies that apply to a request."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource: Policy | None = None
    organization: tuple[Policy, ...] = ()
    """Service and resource control policies: each must allow, none may deny."""
    resource_must_allow: bool = False
    """Whether the resource's policy must allow the request even in the same account, as those of KMS keys and roles."""


@dataclass(frozen=True)
class Decision:
    """`by` names the deciding statement (`policy/Sid`), `because` words it as AWS's error messages do."""

    effect: Effect
    by: str
    because: str
    undecided: frozenset[str] = frozenset()
    """Unknown condition keys that mattered: with their values the decision might differ."""

    @property
    def allowed(self) -> bool:
        return self.effect is Effect.ALLOW


@dataclass(frozen=True)
class _Consent:
    """The consent of one kind of policy, apart from denies."""

    named: Named = Named.NOT
    by: str = ""
    undecided: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.named is not Named.NOT


GIVEN = _Consent(Named.IDENTITY, "")
"""Consent of a kind of policy that does not apply."""


def decide(request: Request, policies: Applicable) -> Decision:
    """Decide on a request, with the reason."""
    denied = _denied(request, policies)
    if denied:
        return denied
    for control in policies.organization:
        consent = _consent(request, (control,))
        if not consent:
            return _refused(request, "service control policy", consent)
    resource = _consent(request, (policies.resource,) if policies.resource else ())
    if policies.resource_must_allow and not resource:
        return _refused(request, "resource-based policy", resource)
    if request.principal.kind in ("service", "anonymous"):
        return _allowed(resource) if resource else _refused(request, "resource-based policy", resource)
    own = not request.resource_account or request.resource_account == request.principal.account
    if not own and not resource:
        return _refused(request, "resource-based policy", resource)
    if own and resource.named is Named.ITSELF:
        return _allowed(resource)
    return _within_account(request, policies, resource if own else _Consent())


def _within_account(request: Request, policies: Applicable, resource: _Consent) -> Decision:
    """Decide within one account. A resource's policy may replace the identity's, but not boundary and session."""
    identity = _consent(request, policies.identity)
    granted = identity if identity or resource.named < Named.IDENTITY else resource
    if not granted:
        return _refused(request, "identity-based policy", identity, resource)
    for limit, kind in ((policies.boundary, "permissions boundary"), (policies.session, "session policy")):
        consent = _consent(request, (limit,)) if limit else GIVEN
        if not consent:
            return _refused(request, kind, consent)
    return _allowed(granted)


def _denied(request: Request, policies: Applicable) -> Decision | None:
    kinds: tuple[tuple[str, Iterable[Policy | None]], ...] = (
        ("a service control policy", policies.organization),
        ("a resource-based policy", (policies.resource,)),
        ("an identity-based policy", policies.identity),
        ("a permissions boundary", (policies.boundary,)),
        ("a session policy", (policies.session,)),
    )
    for kind, given in kinds:
        for policy in given:
            for statement in policy.statements if policy else ():
                if statement.allows:
                    continue
                fit = statement.fit(request.principal, request.action, request.resource, request.context)
                if policy and fit.may_apply:
                    because = f"with an explicit deny in {kind}"
                    return Decision(Effect.EXPLICIT_DENY, _name(policy, statement), because, fit.undecided)
    return None


def _consent(request: Request, policies: Iterable[Policy]) -> _Consent:
    """Return the closest Allow among these policies."""
    best, undecided = _Consent(), frozenset[str]()
    for policy in policies:
        for statement in policy.statements:
            if not statement.allows:
                continue
            fit = statement.fit(request.principal, request.action, request.resource, request.context)
            if fit.applies and fit.named > best.named:
                best = _Consent(fit.named, _name(policy, statement))
            undecided |= fit.undecided
    return best if best else _Consent(undecided=undecided)


def _allowed(consent: _Consent) -> Decision:
    return Decision(Effect.ALLOW, consent.by, f"allowed by {consent.by}")


def _refused(request: Request, kind: str, *consents: _Consent) -> Decision:
    because = f"because no {kind} allows the {request.action} action"
    undecided = frozenset[str]().union(*(consent.undecided for consent in consents))
    return Decision(Effect.IMPLICIT_DENY, "", because, undecided)


def _name(policy: Policy, statement: Statement) -> str:
    position = policy.statements.index(statement)
    return f"{policy.name}/{statement.sid or position}"
