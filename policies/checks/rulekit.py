"""Shared base of the rules written in Python (no rule). checkov adds this folder to Python's path.

A rule's module docstring is YAML with the same content as the `metadata` of a YAML rule. Its class names the types
that it checks and has one method, `judge`: `True` passes, `False` fails, `None` means undecided (a variable, or a
value known after apply).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from typing import Any

import yaml
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

_UNRENDERED = re.compile(
    r"\$\{|(?:^|[\s(\[{,'\"])(?:var|local|module|data|each|count|path|aws_\w+)\.|^[a-z_]+\.value\b|\w+\("
)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, seven times as fast, where PyYAML came with libyaml
_PLACEHOLDER = "true_after_unknown"
PLAN_ACTIONS = "__change_actions__"
"""Attribute that checkov adds to every resource of a plan."""
PLAN_PLACEHOLDERS = "EVAL_TF_PLAN_AFTER_UNKNOWN"
"""Set in the scan of a plan that has placeholders for unknown values."""
_RESULTS = {True: CheckResult.PASSED, False: CheckResult.FAILED, None: CheckResult.UNKNOWN}


class PlatformRule(BaseResourceCheck):  # type: ignore[misc]  # checkov has its own environment
    """A rule over blocks of the given types.

    Args:
        document: the rule module's docstring.
        types: resource types; also `variable` and `output`.
        data: types of data sources.
    """

    def __init__(self, document: str | None, types: list[str], data: tuple[str, ...] = ()) -> None:
        metadata = yaml.load(document or "", _LOADER)["metadata"]
        super().__init__(
            name=metadata["name"],
            id=metadata["id"],
            categories=[CheckCategories[metadata["category"]]],
            supported_resources=types,
        )
        for kind in data:
            data_registry.checks[kind].append(self)

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        return _RESULTS[self.judge(self.entity_type, conf)]

    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        raise NotImplementedError

    def others(self, kind: str) -> Iterator[dict[str, Any]]:
        """Return every block of a type in the scan: a phase with its modules, or one stack's plan."""
        for _, vertex in self.graph.nodes() if self.graph is not None else ():
            if vertex.get("resource_type") == kind:
                yield vertex


def values(block: Any, path: str) -> list[Any]:
    """Return all values at `a.b.c`, through repeated and dynamic blocks, without absent and null ones."""
    nodes = [block]
    for name in path.split("."):
        nodes = [value for item in nodes for value in _step(item, name)]
    return [value for item in nodes for value in _leaves(item)]


def blocks(block: Any, path: str) -> list[dict[str, Any]]:
    """Return all nested blocks at `a.b.c`."""
    return [value for value in values(block, path) if isinstance(value, dict)]


def _step(item: Any, name: str) -> Iterator[Any]:
    if isinstance(item, list):
        for each in item:
            yield from _step(each, name)
    elif isinstance(item, dict):
        if item.get(name) is not None:
            yield item[name]
            return
        for dynamic in _leaves(item.get("dynamic", [])):
            for body in _leaves(dynamic.get(name, [])) if isinstance(dynamic, dict) else ():
                # checkov passes the content of a dynamic block with or without its frame.
                yield body.get("content", body) if isinstance(body, dict) else body


def _leaves(item: Any) -> Iterator[Any]:
    if isinstance(item, list):
        for each in item:
            yield from _leaves(each)
    elif item is not None and item not in ("", "None", "null"):
        yield item


def is_known(value: Any) -> bool:
    """Tell whether a value is a literal: it depends on no variable and not on the apply."""
    return not (isinstance(value, str) and (_UNRENDERED.search(value) or value == _PLACEHOLDER))


def address(block: dict[str, Any]) -> str:
    """Return `type.name` of a resource, as other blocks of its module refer to it."""
    return ".".join(str(block.get("__address__")).split("[", 1)[0].rsplit(".", 2)[-2:])


def number(value: Any) -> float | None:
    """Return the number, or `None` if the value is not (yet) one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def only(block: Any, path: str, allowed: Collection[str], *, when_missing: bool) -> bool | None:
    """Tell whether all values at `a.b.c` are among the allowed ones (lower-case texts)."""
    given = values(block, path)
    if not given:
        return when_missing
    if not all(is_known(value) for value in given):
        return None
    return all(str(value).lower() in allowed for value in given)


def all_of(*verdicts: bool | None) -> bool | None:
    """Return `False` if any verdict is, else `None` if any is, else `True`."""
    return False if False in verdicts else None if None in verdicts else True


def same(one: Any, other: Any) -> bool:
    """Tell whether two expressions are the same, since checkov drops some braces of templates."""
    return bare(one) == bare(other)


def bare(value: Any) -> str:
    """Return an expression without template braces."""
    return re.sub(r"[${}\s\"']", "", str(value))


def statements(policy: Any) -> list[dict[str, Any]] | None:
    """Return the statements of a JSON policy, or `None` if the text is unknown."""
    if isinstance(policy, str):
        policy = _parsed(policy)
    if not isinstance(policy, dict):
        return None
    content = policy.get("Statement")
    listed = content if isinstance(content, list) else [content]
    return [each for each in listed if isinstance(each, dict)] if content else None


def _parsed(text: str) -> Any:
    # Source: checkov renders `jsonencode(...)` as a Python literal.
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return None


def listed(value: Any) -> list[str]:
    """Return a list from one string or a list of them, since IAM allows both."""
    return [str(each) for each in _leaves(value if isinstance(value, list) else [value])]
