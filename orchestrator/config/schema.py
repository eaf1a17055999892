"""Generate JSON Schemas of the environment files, for editors and scripts."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.config.model.platform import Blueprint, Platform

TITLES = {"platform": "terraform/envs/<env>/platform.yaml", "blueprint": "terraform/envs/<env>/blueprints/<name>.yaml"}


def schemas() -> dict[str, dict[str, Any]]:
    """Generate one schema per kind of file."""
    models: dict[str, type[BaseModel]] = {"platform": Platform, "blueprint": Blueprint}
    return {
        name: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model.model_json_schema(),
            "title": TITLES[name],
        }
        for name, model in models.items()
    }
