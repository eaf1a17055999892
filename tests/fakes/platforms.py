"""Environment files with as little in them as a test needs."""

from __future__ import annotations

from typing import Any

from orchestrator.config.models import Platform

SHIPPED = ("dev", "local", "prod", "staging")
"""Environments of this repository. Who works with a checkout may have others beside them."""


def platform(**sections: Any) -> Platform:
    return Platform.model_validate({"target": "aws", **sections})


def platform_file(text: str = "", target: str = "aws") -> tuple[str, str]:
    """Name and text of a `platform.yaml`; its target is added at the end, so that lines keep their numbers."""
    mapping = "" if text == "{}" else text.rstrip("\n") + "\n"
    return "platform.yaml", text if text.startswith("-") else f"{mapping.lstrip()}target: {target}\n"
