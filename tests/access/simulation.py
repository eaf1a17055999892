"""Asks the policy evaluator what a role may do."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from emulator.services.iam.policy import Applicable, Context, Decision, Policy, Principal, Request, decide
from tests.access import actions
from tests.access.roles import Document, Role, Statement, listed


def ask(
    role: Role, action: str, resource: str, context: dict[str, Any] | None = None, own: Document | None = None
) -> Decision:
    """A session of the role makes one call; keys that `context` does not name are absent from the request.

    `own` is the resource's own policy.
    """
    who = Principal.session(role.arn, "proof")
    policies = tuple(Policy.parse(document, name=name) for name, document in role.policies.items())
    boundary = Policy.parse(role.boundary, name="boundary") if role.boundary else None
    request = Request(who, action, resource, Context.complete(context or {}))
    resource_policy = Policy.parse(own, name="resource") if own else None
    return decide(request, Applicable(identity=policies, boundary=boundary, resource=resource_policy))


def cut_by_boundary(role: Role) -> list[str]:
    """Rights of its policies that its boundary does not let through, each tried with the conditions that it names."""
    if role.boundary is None:
        return [f"{role.name}: no boundary"]
    cut = []
    for sid, statement in role.statements():
        if statement["Effect"] != "Allow":
            continue
        context = meeting(statement)
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                if resource != "*" and not actions.can_mean(resource, action) and action not in actions.EITHER:
                    continue  # another action of the statement takes this resource
                if not ask(_only(role, statement), action, one_of(resource), context).allowed:
                    cut.append(f"{role.name} {sid}: {action} on {resource}")
    return cut


def reach(role: Role, own: str, other: str) -> list[str]:
    """Rights on what another environment calls its things; both are named by `<project>/<environment>`."""
    patterns = {resource for _, statement in role.statements() for resource in listed(statement["Resource"])}
    foreign = {one_of(renamed(each, own, other)) for each in patterns if renamed(each, own, other) != each}
    reached = []
    for sid, statement in role.statements():
        if statement["Effect"] != "Allow":
            continue
        meant = [
            each
            for each in foreign
            for resource in listed(statement["Resource"])
            if fnmatchcase(each, resource) and resource != "*"
        ]
        context = meeting(statement)
        reached += [
            f"{role.name} {sid}: {action} on {each}"
            for each in dict.fromkeys(meant)
            for action in listed(statement["Action"])
            if ("*" in action or actions.can_mean(each, action)) and ask(role, action, each, context).allowed
        ]
    return reached


def renamed(name: str, own: str, other: str) -> str:
    """The same thing of another environment."""
    for separator in "-_/":
        # As names, as parts of a database's name, and as a path.
        name = re.sub(
            rf"\b{re.escape(own.replace('/', separator).replace('-', '_' if separator == '_' else '-'))}(?![a-z0-9])",
            other.replace("/", separator).replace("-", "_" if separator == "_" else "-"),
            name,
        )
    return name


def _only(role: Role, statement: Statement) -> Role:
    return replace(role, policies={"one": {"Version": "2012-10-17", "Statement": [statement]}})


def one_of(pattern: str) -> str:
    """A resource that a pattern means."""
    return pattern if pattern == "*" else pattern.replace("*", "x").replace("?", "x")


def meeting(statement: Statement) -> dict[str, Any]:
    """A request's context that fulfils all conditions."""
    return {
        key: one_of(listed(value)[0])
        for operator in statement.get("Condition", {}).values()
        for key, value in operator.items()
    }
