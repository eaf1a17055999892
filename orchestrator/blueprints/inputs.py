"""What a synthesised root depends on; known without synthesising it, and so without starting Node.js."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from orchestrator.blueprints.matrix import cell
from orchestrator.config.model import async_inference, knowledge_base, platform
from orchestrator.config.model import blueprint as blueprint_file
from orchestrator.config.model.platform import Blueprint, Environment
from orchestrator.core import terraform_json

SHARED_MODULES = ("s3_access",)
"""Modules that stacks call beside the kind's own."""
BY_SECTION = {"knowledge_base": "bedrock_knowledge_base", "agent": "bedrock_agent"}
"""Modules that a section of the blueprint's file brings."""


@dataclass(frozen=True)
class SynthInputs:
    """What a synthesised root depends on."""

    code: tuple[Path, ...]
    module: Path
    """The HCL module that the root composes."""
    facts: Mapping[str, Any]


def synth_inputs(environment: Environment, blueprint: Blueprint, repo: Path) -> SynthInputs:
    """Everything that `synth` reads for one blueprint."""
    found = cell(blueprint)
    assert found.module is not None
    modules = repo / "terraform" / "modules"
    called = (*SHARED_MODULES, *found.beside, *(name for key, name in BY_SECTION.items() if getattr(blueprint, key)))
    shared = [file for name in called for file in sorted((modules / name).glob("*.tf"))]
    config = tuple(
        Path(str(each.__file__)) for each in (platform, blueprint_file, async_inference, knowledge_base, terraform_json)
    )
    return SynthInputs(
        code=(*sorted(Path(__file__).parent.glob("*.py")), *config, *shared),
        module=modules / found.module,
        facts={
            "the blueprint file": blueprint.model_dump(mode="json"),
            "section `monitoring`": environment.platform.monitoring.model_dump(mode="json"),
            "cdktf's version": metadata.version("cdktf"),
        },
    )
