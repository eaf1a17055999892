"""May an AWS service do this? A resource's policy, a role's policies and a key's policy each have their say.

Calls between services travel over TLS on AWS, so `aws:SecureTransport` is true for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.services.iam.policy import Applicable, Context, Policy, Principal, Request, decide

Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """What an AWS service asks for, on its own behalf or under a role."""

    service: str
    """Service principal, such as `events.amazonaws.com`."""
    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)
    """Condition keys and their values. The service carries no other."""

    def known(self, **more: str) -> Context:
        return Context.complete({"aws:SecureTransport": "true", **self.context, **more})


def admits(policy: Document | None, call: Call, *, owner: str | None = None) -> bool:
    """Whether a resource's own policy lets the service in. Without a policy nobody but the account comes in.

    `owner` is the account for which the service acts, where it says so (`AWS:SourceOwner`): SNS's default policy
    lets in whoever comes for the topic's owner.
    """
    if not policy or not policy.get("Statement"):
        return False
    policies = Applicable(resource=Policy.parse(policy, "resource policy"))
    asked = [Request(Principal.service(call.service), call.action, call.resource, call.known())]
    if owner:
        known = call.known(**{"aws:SourceOwner": owner})
        asked.append(Request(Principal.anonymous(), call.action, call.resource, known))
    return any(decide(request, policies).allowed for request in asked)


def grants(role_arn: str, policies: list[Document], boundary: Document | None, call: Call) -> bool:
    """Whether the policies of a role allow the call to a session of it."""
    request = Request(Principal.session(role_arn), call.action, call.resource, call.known())
    identity = tuple(Policy.parse(document, "identity policy") for document in policies)
    limit = Policy.parse(boundary, "boundary") if boundary else None
    return decide(request, Applicable(identity=identity, boundary=limit)).allowed


def trusts(policy: Document | None, call: Call) -> bool:
    """Whether a role may be assumed by this service."""
    return admits(policy, Call(call.service, "sts:AssumeRole", call.resource, call.context))
