"""Find what checkov does not know about a plan: a resource's source, and which values are not known yet.

A plan holds no comments, so an inline `checkov:skip=ID: reason` must be found in the source. checkov finds a
resource by type and name alone, so a skip in one module would also skip the resource of the same name in another;
here the module path decides.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from orchestrator.policy import skips

Json = dict[str, Any]

INDEX = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")
NOT_ASCII = re.compile("[\x7f-\uffff]")
"""Characters beyond ASCII that one JSON escape can write."""


def as_yaml(document: Json) -> str:
    """Write a plan as JSON that is also valid YAML, because checkov reads it as YAML.

    YAML accepts neither the surrogate pairs with which JSON escapes a character, nor unescaped unprintable characters.
    A key of more than 1,024 characters, escapes included, is not valid YAML: checkov cannot read the plan, and the gate
    fails.
    """
    return NOT_ASCII.sub(lambda each: f"\\u{ord(each.group()):04x}", json.dumps(document, ensure_ascii=False))


class PlanSource:
    """The source behind one plan.

    Args:
        document: `terraform show -json` of the plan.
        root: folder of the root module.
    """

    def __init__(self, document: Json, root: Path) -> None:
        self._configuration: Json = document.get("configuration", {}).get("root_module", {})
        self._root = root
        self._unknown = {
            change["address"]: change["change"].get("after_unknown") or {}
            for change in document.get("resource_changes", [])
        }

    def skip_reason(self, address: str, rule: str) -> str | None:
        """Return the reason for which the resource skips the rule, or `None`."""
        modules, block = inside(address)
        folder = self._folder(modules)
        return None if folder is None else skips.skip_reason(folder, block, rule)

    def is_unknown(self, address: str, evaluated_keys: list[str]) -> bool:
        """Return whether every attribute that the rule evaluated has a part that is known only after apply."""
        unknown = self._unknown.get(address)
        if unknown is True:
            return True
        if not unknown or not evaluated_keys:
            return False
        return all(_holds_true(unknown.get(key.split("/")[0])) for key in evaluated_keys)

    def _folder(self, modules: list[str]) -> Path | None:
        folder, configuration = self._root, self._configuration
        for module in modules:
            call = configuration.get("module_calls", {}).get(module)
            if call is None:
                return None
            folder = (folder / call["source"]).resolve()
            configuration = call.get("module", {})
        return folder


def inside(address: str) -> tuple[list[str], str]:
    """Split an address into its modules and the address inside the last of them, without indexes."""
    parts = INDEX.sub("", address).split(".")
    modules = []
    while parts[0] == "module":  # a module may itself be called `module` or `data`
        modules.append(parts[1])
        parts = parts[2:]
    return modules, ".".join(parts)


def _holds_true(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_true(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_true(item) for item in value)
    return value is True
