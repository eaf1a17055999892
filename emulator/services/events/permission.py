"""Authorize calls of AWS services by the policies of resources, roles and keys.

Calls between services travel over TLS on AWS, so `aws:SecureTransport` is true for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.services.iam.policy import Applicable, Context, Policy, Principal, Request, decide

Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call of an AWS service, on its own behalf or under a role."""

    service: str
    """Service principal, such as `events.amazonaws.com`."""
    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)
    """Condition keys and their values. The service sends no others."""

    def known(self, **more: str) -> Context:
        return Context.complete({"aws:SecureTransport": "true", **self.context, **more})


def admits(policy: Document | None, call: Call, *, owner: str | None = None) -> bool:
    """Return whether a resource's policy admits the service. Without a policy, only the account is admitted.

    `owner` is the account for which the service acts, if it sends one (`AWS:SourceOwner`): SNS's default policy
    admits callers that act for the topic's owner.
    """
    if not policy or not policy.get("Statement"):
        return False
    policies = Applicable(resource=Policy.parse(policy, "resource policy"))
    requests = [Request(Principal.service(call.service), call.action, call.resource, call.known())]
    if owner:
        known = call.known(**{"aws:SourceOwner": owner})
        requests.append(Request(Principal.anonymous(), call.action, call.resource, known))
    return any(decide(request, policies).allowed for request in requests)


def grants(role_arn: str, policies: list[Document], boundary: Document | None, call: Call) -> bool:
    """Return whether the policies of a role allow the call to its sessions."""
    request = Request(Principal.session(role_arn), call.action, call.resource, call.known())
    identity = tuple(Policy.parse(document, "identity policy") for document in policies)
    limit = Policy.parse(boundary, "boundary") if boundary else None
    return decide(request, Applicable(identity=identity, boundary=limit)).allowed


def trusts(policy: Document | None, call: Call) -> bool:
    """Return whether this service may assume a role."""
    return admits(policy, Call(call.service, "sts:AssumeRole", call.resource, call.context))
