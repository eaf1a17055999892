"""Parse IAM policies in any spelling into statements (shared code, no rule).

In source an expression may replace a whole policy, its statements or a single value. The readable part is checked
there, and the plan is checked as a whole; values that a plan leaves open are undecided.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from iampatterns import acts, narrows
from iamplaces import JUDGED
from rulekit import PlatformRule, blocks, is_known, listed, values

DOCUMENT = "aws_iam_policy_document"
_JSON_OF_DOCUMENT = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
ELEMENTS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
_SPELT = {name.lower(): name for name in ELEMENTS}


@dataclass(frozen=True)
class Statement:
    """One statement. Principals are `AWS:arn:…`, `Service:…`, or `*` for all."""

    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] | None = None
    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] | None = None
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Operator, key (lower case), values."""

    @property
    def allows(self) -> bool:
        """Whether the effect is not `Deny`, so that a misspelt effect does not hide a statement from the rules."""
        return self.effect != "Deny"

    @property
    def has_principals(self) -> bool:
        """Whether the statement has principals, as in policies of resources and roles."""
        return bool(self.principals) or self.not_principals is not None

    def includes(self, action: str) -> bool:
        """Tell whether the statement covers an action, by a pattern or because `NotAction` does not exclude it."""
        if self.not_actions is not None:
            return not any(acts(pattern, action) for pattern in self.not_actions)
        return any(acts(pattern, action) for pattern in self.actions)

    def limited_by(self, keys: Collection[str]) -> bool:
        """Tell whether a condition on one of these keys (lower case; `…/` is a prefix) limits the statement."""
        exact = {key for key in keys if not key.endswith("/")}
        families = tuple(key for key in keys if key.endswith("/"))
        return any(
            narrows(operator, given) and (key in exact or key.startswith(families))
            for operator, key, given in self.conditions
        )


@dataclass
class Policy:
    """The readable part of one policy."""

    place: str
    """Attribute that holds it."""
    statements: list[Statement] = field(default_factory=list)
    complete: bool = True
    """Whether no part depends on a variable or on the apply."""
    mistakes: list[str] = field(default_factory=list)
    """Parts that are not valid in an IAM policy."""


class StatementRule(PlatformRule):
    """A rule over every statement of every policy; `refuses` decides which ones fail."""

    places = JUDGED

    def __init__(self, document: str | None) -> None:
        super().__init__(document, list(self.places), data=(DOCUMENT,))

    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        known = policies(kind, block)
        if any(self.refuses(each, kind) for policy in known for each in policy.statements):
            return False
        return True if known and all(policy.complete for policy in known) else None

    def refuses(self, statement: Statement, kind: str) -> bool:
        raise NotImplementedError


def policies(kind: str, block: dict[str, Any]) -> list[Policy]:
    """Return every policy in a resource, or in the data source that writes one."""
    if kind == DOCUMENT:
        own = Policy("statement", [_of_block(each) for each in blocks(block, "statement")])
        others = [_read(name, text) for name in _JSON_OF_DOCUMENT for text in values(block, name)]
        return [own, *others] if own.statements or not others else others
    documents = []
    for place in JUDGED[kind]:
        given = [_read(place, text) for text in values(block, place)]
        outer, dot, _ = place.partition(".")
        if dot:
            # The content of a dynamic block is an expression; its `for_each` can often be read.
            made_from = values(
                [each.get(outer) for each in values(block, "dynamic") if isinstance(each, dict)], "for_each"
            )
            given += [_read(place, text) for each in made_from for text in _texts(each)]
        documents += given
    return documents


def _texts(value: Any) -> Iterator[Any]:
    """Yield possible policies in the `for_each` value of a dynamic block."""
    if isinstance(value, dict) and not _element(value, "Statement"):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict) or (isinstance(value, str) and "Statement" in value):
        yield value


def _of_block(block: dict[str, Any]) -> Statement:
    def several(name: str) -> tuple[str, ...]:
        return tuple(listed(values(block, name)))

    def without(name: str) -> tuple[str, ...] | None:
        return several(name) or None

    def who(name: str) -> Iterator[str]:
        for each in blocks(block, name):
            for kind in listed(values(each, "type")):
                yield from (_principal(kind, name) for name in listed(values(each, "identifiers")))

    return Statement(
        effect=str(next(iter(values(block, "effect")), "Allow")),
        actions=several("actions"),
        not_actions=without("not_actions"),
        resources=several("resources"),
        not_resources=without("not_resources"),
        principals=tuple(who("principals")),
        not_principals=tuple(who("not_principals")) or None,
        conditions=tuple(
            (str(test), str(key).lower(), tuple(listed(values(each, "values"))))
            for each in blocks(block, "condition")
            for test in values(each, "test")
            for key in values(each, "variable")
        ),
    )


def _read(place: str, given: Any) -> Policy:
    """Parse a policy from JSON, or the readable part of an expression."""
    policy = Policy(place)
    document = _parsed(given, policy)
    if not isinstance(document, dict):
        policy.complete = False
        policy.statements += [_statement(each, policy) for each in _fragments(given)]
        if isinstance(given, str) and is_known(given):
            policy.mistakes.append("not JSON")
        return policy
    elements = _element(document, "Statement")
    if elements is None:
        policy.mistakes.append("no Statement")
    for each in elements if isinstance(elements, list) else [elements] if elements is not None else []:
        if isinstance(each, dict):
            policy.statements.append(_statement(each, policy))
        elif isinstance(each, str) and not is_known(each):
            policy.complete = False
            policy.statements += [_statement(part, policy) for part in _fragments(each)]
        else:
            policy.mistakes.append(f"{each!r} is not a statement")
    return policy


def _parsed(given: Any, policy: Policy) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            policy.mistakes.append("an element is given twice")
        return members

    if not isinstance(given, str):
        return given
    try:
        return json.loads(given, object_pairs_hook=once)
    except ValueError:
        pass
    # Source: checkov renders `jsonencode(...)` as a Python literal, with or without the call.
    framed = re.fullmatch(r"(?:\$\{)?\s*(?:jsonencode\((.*)\)|(\{.*\}))\s*\}?", given.strip(), re.DOTALL)
    return _literal(framed[1] or framed[2]) if framed else None


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _fragments(text: Any) -> Iterator[dict[str, Any]]:
    """Return statements written inside an expression such as `concat([{...}], local.more)`."""
    if not isinstance(text, str) or "Action" not in text:
        return
    text = text.replace("\\", "")
    position = text.find("{")
    while position != -1:
        end = _closing(text, position)
        document = _literal(text[position:end]) if end else None
        if isinstance(document, dict) and (_element(document, "Action") or _element(document, "NotAction")):
            yield document
            position = text.find("{", end)
        elif isinstance(document, dict) and _element(document, "Statement"):
            inner = _element(document, "Statement")
            yield from (each for each in (inner if isinstance(inner, list) else [inner]) if isinstance(each, dict))
            position = text.find("{", end)
        else:
            position = text.find("{", position + 1)


def _closing(text: str, start: int) -> int:
    """Return the position of the brace that closes the one at `start`, or 0."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.end()
    return 0


def _element(block: dict[str, Any], name: str) -> Any:
    """Return an element by its name, ignoring case."""
    return next((value for key, value in block.items() if str(key).lower() == name.lower()), None)


def _statement(given: dict[str, Any], policy: Policy) -> Statement:
    elements = {_SPELT.get(str(key).lower(), key): value for key, value in given.items()}
    policy.mistakes += [f"no element is called {key}" for key in given if key not in ELEMENTS]
    # In part of an expression the effect may be merged in elsewhere.
    effect = str(elements.get("Effect") or "Allow")
    if effect not in ("Allow", "Deny") and is_known(effect):
        policy.mistakes.append(f"the effect {effect}")
    if not ({"Action", "NotAction"} & elements.keys()):
        policy.mistakes.append("a statement without Action")

    def without(name: str) -> tuple[str, ...] | None:
        return tuple(listed(elements[name])) if name in elements else None

    return Statement(
        effect=effect,
        actions=tuple(listed(elements.get("Action"))),
        not_actions=without("NotAction"),
        resources=tuple(listed(elements.get("Resource"))),
        not_resources=without("NotResource"),
        principals=tuple(_principals(elements.get("Principal"))),
        not_principals=tuple(_principals(elements["NotPrincipal"])) if "NotPrincipal" in elements else None,
        conditions=tuple(_conditions(elements.get("Condition"), policy)),
    )


def _conditions(given: Any, policy: Policy) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for operator, keys in given.items() if isinstance(given, dict) else ():
        if isinstance(keys, dict):
            for key, expected in keys.items():
                yield str(operator), str(key).lower(), tuple(listed(expected))
        elif isinstance(keys, str) and is_known(keys):
            policy.mistakes.append(f"the condition {operator}")
    if isinstance(given, str) and is_known(given):
        policy.mistakes.append("a condition that is none")


def _principals(given: Any) -> Iterator[str]:
    if isinstance(given, dict):
        for kind, names in given.items():
            yield from (_principal(str(kind), name) for name in listed(names))
    else:
        yield from listed(given)


def _principal(kind: str, name: str) -> str:
    return "*" if name == "*" else f"{kind}:{name}"
