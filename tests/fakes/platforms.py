"""Environment files with as little in them as a test needs."""

from __future__ import annotations

from typing import Any

import yaml

from orchestrator.config.model.platform import Platform

SHIPPED = ("dev", "local", "prod", "staging")
"""Environments of this repository. Who works with a checkout may have others beside them."""
CIDR = "10.0.0.0/16"
LEAST: dict[str, Any] = {
    "target": "aws",
    "project": "mlops",
    "region": "us-east-1",
    "owner": "ml-platform",
    "cost_center": "ml-platform",
    "protected": False,
    "network": {"cidr": CIDR},
    **{name: {} for name in ("encryption", "access", "storage", "training")},
    **{name: {} for name in ("inference", "monitoring", "events", "limits")},
}
"""What every `platform.yaml` has to say."""


def platform(**sections: Any) -> Platform:
    return Platform.model_validate({**LEAST, **sections})


def platform_file(text: str = "", target: str = "aws") -> tuple[str, str]:
    """Name and text of a `platform.yaml`.

    What has to be there is added at the end (a network's addresses at the network's), so that lines keep their numbers.
    """
    try:
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        return "platform.yaml", text
    if not isinstance(content, dict):
        return "platform.yaml", text
    own = "" if not content else text.rstrip("\n")
    network = content.get("network", {})
    if "network" in content and isinstance(network, dict) and not {"cidr", "use_existing"} & network.keys():
        own = _with_cidr(own)
    rest = {name: value for name, value in {**LEAST, "target": target}.items() if name not in content}
    return "platform.yaml", "\n".join(filter(None, (own, yaml.safe_dump(rest, sort_keys=False) if rest else "")))


def _with_cidr(text: str) -> str:
    lines = text.split("\n")
    start = next(position for position, line in enumerate(lines) if line.startswith("network:"))
    if "{" in lines[start]:
        lines[start] = lines[start].replace("{", f"{{cidr: {CIDR}, ", 1)
        return "\n".join(lines)
    end = start + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return "\n".join([*lines[:end], f"  cidr: {CIDR}", *lines[end:]])
