"""Parsed policy documents: patterns of all texts, and conditions with known operators."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.services.iam.policy import conditions, principals
from emulator.services.iam.policy.conditions import Condition, Context
from emulator.services.iam.policy.patterns import Absent, Pattern, Unknown, matches_any, pattern
from emulator.services.iam.policy.principals import Named, Principal, PrincipalElement

CURRENT = "2012-10-17"
ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


class MalformedPolicy(Exception):
    """A document that IAM would reject, with the place and the reason."""


@dataclass(frozen=True)
class Fit:
    """How a statement relates to a request. `named` is `NOT` if it does not concern it."""

    named: Named
    undecided: frozenset[str] = frozenset()
    """Unknown condition keys that decide whether the statement applies."""

    @property
    def applies(self) -> bool:
        return self.named is not Named.NOT and not self.undecided

    @property
    def may_apply(self) -> bool:
        return self.named is not Named.NOT


NO_FIT = Fit(Named.NOT)


@dataclass(frozen=True)
class Statement:
    """One statement. The pattern of an absent element is `None`, and limits nothing."""

    sid: str
    allows: bool
    principal: PrincipalElement | None
    actions: re.Pattern[str]
    not_actions: bool
    resources: tuple[Pattern, ...] | None
    not_resources: bool
    condition: tuple[Condition, ...]

    def fit(self, principal: Principal, action: str, resource: str | None, context: Context) -> Fit:
        """Return how the statement fits a request. `resource` is `None` if the resource is unknown.

        A statement about actions and resources that names no principal (an identity policy's) is about `principal`.
        """
        if bool(self.actions.fullmatch(action)) is self.not_actions:
            return NO_FIT
        named = self.principal.of(principal) if self.principal else Named.IDENTITY
        if named is Named.NOT:
            return NO_FIT
        try:
            if not self._about(resource, context):
                return NO_FIT
        except Absent:
            return NO_FIT
        except Unknown as unknown:
            return Fit(named, frozenset((unknown.key,)))
        holds, undecided = conditions.all_hold(self.condition, context)
        return Fit(named, undecided) if holds else NO_FIT

    def _about(self, resource: str | None, context: Context) -> bool:
        if self.resources is None:
            return True
        if resource is None:
            # Only "*" certainly covers an unknown resource, and any Deny may cover it.
            everything = any(pattern.text == "*" for pattern in self.resources) and not self.not_resources
            return everything or not self.allows
        return matches_any(self.resources, resource, context.single) is not self.not_resources


@dataclass(frozen=True)
class Policy:
    """A parsed document. `name` is its name in decisions."""

    name: str
    statements: tuple[Statement, ...]

    @classmethod
    def parse(cls, document: str | dict[str, Any], name: str = "policy") -> Policy:
        """Raises `MalformedPolicy`."""
        try:
            content = json.loads(document) if isinstance(document, str) else document
        except ValueError as error:
            raise MalformedPolicy(f"{name}: not JSON: {error}") from error
        if not isinstance(content, dict) or "Statement" not in content:
            raise MalformedPolicy(f"{name}: a policy is an object with Statement")
        variables = content.get("Version") == CURRENT
        statements = []
        for number, statement in enumerate(_listed(content["Statement"])):
            try:
                statements.append(_statement(statement, variables))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise MalformedPolicy(f"{name}, statement {number}: {error}") from error
        return cls(name, tuple(statements))


def _statement(given: dict[str, Any], variables: bool) -> Statement:
    surplus = set(given) - ELEMENTS
    if surplus:
        raise ValueError(f"unknown element {', '.join(sorted(surplus))}")
    if given["Effect"] not in ("Allow", "Deny"):
        raise ValueError(f"Effect is Allow or Deny, got {given['Effect']!r}")
    if ("Action" in given) is ("NotAction" in given):
        raise ValueError("exactly one of Action and NotAction is needed")
    principal = None
    for element in ("Principal", "NotPrincipal"):
        if element in given:
            principal = principals.parse_element(given[element], negated=element == "NotPrincipal")
    resources = given.get("Resource", given.get("NotResource"))
    return Statement(
        sid=str(given.get("Sid", "")),
        allows=given["Effect"] == "Allow",
        principal=principal,
        actions=_actions(given.get("Action", given.get("NotAction"))),
        not_actions="NotAction" in given,
        resources=None
        if resources is None
        else tuple(pattern(text, variables=variables) for text in _listed(resources)),
        not_resources="NotResource" in given,
        condition=conditions.parse(given.get("Condition", {}), variables),
    )


def _actions(given: Any) -> re.Pattern[str]:
    """Combine all actions into one expression. Actions have no variables and ignore case."""
    sources = [pattern(text, variables=False).glob(_no_variable).pattern for text in _listed(given)]
    return re.compile("|".join(sources), re.IGNORECASE)


def _no_variable(key: str) -> str:
    raise Absent(key)


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]
