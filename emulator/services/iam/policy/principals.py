"""Principals, and how closely a policy's `Principal` element names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

Tags = Mapping[str, str]


class Named(IntEnum):
    """How closely a principal is named, which decides what else must allow the request."""

    NOT = 0
    ACCOUNT = 1
    """The account as a whole, which delegates to its own identity policies."""
    IDENTITY = 2
    """The role, or all principals."""
    ITSELF = 3
    """The user or the session itself: then not even an implicit deny of a permissions boundary applies."""


@dataclass(frozen=True)
class Principal:
    """The principal of a request. `kind` is `user`, `session`, `root`, `service` or `anonymous`."""

    kind: str
    arn: str
    """ARN of the user or of the session; name of the service (`lambda.amazonaws.com`); empty if anonymous."""
    account: str = ""
    role_arn: str = ""
    """Of a session: the role that was assumed."""
    tags: Tags = field(default_factory=dict, hash=False)
    """Of the user, or of the role and the session."""

    @classmethod
    def session(cls, role_arn: str, name: str = "session", tags: Tags | None = None) -> Principal:
        """Make a session of a role."""
        _, partition, _, _, account, path = role_arn.split(":", 5)
        role = path.rsplit("/", 1)[-1]
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{name}"
        return cls("session", arn, account, role_arn, dict(tags or {}))

    @classmethod
    def user(cls, arn: str, tags: Tags | None = None) -> Principal:
        return cls("user", arn, arn.split(":")[4], tags=dict(tags or {}))

    @classmethod
    def service(cls, name: str) -> Principal:
        """Make an AWS service that acts for itself, e.g. `events.amazonaws.com`."""
        return cls("service", name)

    @classmethod
    def anonymous(cls) -> Principal:
        return cls("anonymous", "")


@dataclass(frozen=True)
class PrincipalElement:
    """`Principal` or `NotPrincipal` of a statement: names by kind, `AWS`, `Service`, `Federated`, `CanonicalUser`."""

    names: tuple[tuple[str, str], ...]
    negated: bool = False

    def of(self, principal: Principal) -> Named:
        """Return how closely the element names a principal."""
        closest = max((_named(kind, name, principal) for kind, name in self.names), default=Named.NOT)
        if not self.negated:
            return closest
        return Named.IDENTITY if closest is Named.NOT else Named.NOT


def parse_element(value: Any, *, negated: bool) -> PrincipalElement:
    """Parse the element. Raise `ValueError` unless it is `"*"` or an object of lists."""
    if value == "*":
        return PrincipalElement((("*", "*"),), negated)
    if not isinstance(value, dict):
        raise ValueError(f'a principal must be "*" or an object, got {value!r}')
    names = []
    for kind, listed in value.items():
        names += [(kind, str(name)) for name in (listed if isinstance(listed, list) else [listed])]
    return PrincipalElement(tuple(names), negated)


def _named(kind: str, name: str, caller: Principal) -> Named:
    if kind == "*":
        return Named.IDENTITY
    if kind != "AWS":
        return Named.ITSELF if kind == "Service" and caller.kind == "service" and name == caller.arn else Named.NOT
    if caller.kind == "service":
        return Named.NOT
    if name == "*":
        return Named.IDENTITY
    if caller.account and (name == caller.account or _is_root_of(name, caller.account)):
        return Named.ACCOUNT
    if name == caller.arn:
        return Named.ITSELF
    return Named.IDENTITY if caller.role_arn and name == caller.role_arn else Named.NOT


def _is_root_of(arn: str, account: str) -> bool:
    return arn.endswith(f":iam::{account}:root")
