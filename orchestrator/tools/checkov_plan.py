"""What checkov cannot tell about a plan: inline skips, and which values are not known yet.

A plan holds no comments, so an inline `checkov:skip=ID:reason` has to be found in the source that a
resource comes from. checkov's own way looks a resource up by type and name alone, so a skip in one
module would excuse the resource of the same name in another; here the module path decides.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SKIP = re.compile(r"checkov:skip=\s*([A-Za-z_\d-]+(?:\s*,\s*[A-Za-z_\d-]+)*)(?::\s*(.*))?")
INDEX = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")
NOT_ASCII = re.compile("[\x7f-\uffff]")
"""All of them that one escape of JSON can write."""
BLOCK = re.compile(r'^(resource|data)\s+"([^"]+)"\s+"([^"]+)"\s*\{')


def as_yaml(document: Json) -> str:
    """A plan as JSON that is YAML too, which is what checkov reads it as.

    YAML takes no pair of surrogates for a character, as JSON escapes one, and nothing unprintable as it is.
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
        """The reason given at the resource for not following the rule; `None` if there is no skip."""
        *modules, kind, name = INDEX.sub("", address).split(".")
        block = f"data.{kind}.{name}" if modules[-1:] == ["data"] else f"{kind}.{name}"
        folder = self._folder([part for part in modules if part not in ("module", "data")])
        if folder is None:
            return None
        return skips_by_block(folder).get(block, {}).get(rule)

    def is_unknown(self, address: str, evaluated_keys: list[str]) -> bool:
        """Whether the rule looked only at attributes of which some part is known after apply."""
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


def _holds_true(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_true(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_true(item) for item in value)
    return value is True


@cache
def skips_by_block(folder: Path) -> dict[str, dict[str, str]]:
    """Inline skips of the resources in one module folder: `type.name` to rule to reason.

    A block ends at the first closing brace in column one, which `terraform fmt` guarantees.
    """
    found: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.tf")):
        block: str | None = None
        for line in file.read_text(encoding="utf-8").splitlines():
            if start := BLOCK.match(line):
                prefix = "data." if start[1] == "data" else ""
                block = f"{prefix}{start[2]}.{start[3]}"
            elif line.startswith("}"):
                block = None
            if block and (skip := SKIP.search(line)):
                for rule in skip[1].split(","):
                    found.setdefault(block, {})[rule.strip()] = (skip[2] or "").strip()
    return found


def skipped_ids(folder: Path) -> dict[str, list[str]]:
    """Every rule id that is skipped somewhere under a folder, with the places (`file:line`)."""
    places: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("*.tf")):
        if ".terraform" in file.parts:
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if skip := SKIP.search(line):
                for rule in skip[1].split(","):
                    places.setdefault(rule.strip(), []).append(f"{file.relative_to(folder)}:{number}")
    return places
