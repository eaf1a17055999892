"""List what a synthesised root depends on, without synthesising it and so without starting Node.js."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from orchestrator.blueprints.matrix import cell, module_of
from orchestrator.config.model import async_inference, dataset, golden, knowledge_base, platform, training
from orchestrator.config.model import blueprint as blueprint_file
from orchestrator.config.model.platform import Blueprint, Dataset, Described, Environment
from orchestrator.core import terraform_json

SHARED_MODULES = ("s3_access",)
"""Modules that stacks call in addition to the kind's own."""
BY_SECTION = {"knowledge_base": "bedrock_knowledge_base", "agent": "bedrock_agent"}
"""Modules that are called if the blueprint's file has the section."""


@dataclass(frozen=True)
class SynthInputs:
    """What a synthesised root depends on."""

    code: tuple[Path, ...]
    module: Path
    """The HCL module that the root composes."""
    facts: Mapping[str, Any]


def synth_inputs(environment: Environment, file: Described, repo: Path) -> SynthInputs:
    """List everything that `synth` reads for one file."""
    modules = repo / "terraform" / "modules"
    called = (*SHARED_MODULES, *_called(file))
    shared = [file for name in called for file in sorted((modules / name).glob("*.tf"))]
    described = (platform, blueprint_file, async_inference, golden, knowledge_base, dataset, training)
    config = tuple(Path(str(each.__file__)) for each in (*described, terraform_json))
    return SynthInputs(
        code=(*sorted(Path(__file__).parent.glob("*.py")), *config, *shared),
        module=modules / module_of(file),
        facts={
            f"the {'blueprint' if isinstance(file, Blueprint) else file.kind} file": file.model_dump(mode="json"),
            "section `monitoring`": environment.platform.monitoring.model_dump(mode="json"),
            "the trainings": [training.name for training in environment.trainings],
            "cdktf's version": metadata.version("cdktf"),
        },
    )


def _called(file: Described) -> tuple[str, ...]:
    """Return the modules that the stack of a file calls in addition to its main one."""
    if isinstance(file, Blueprint):
        return (*cell(file).beside, *(name for key, name in BY_SECTION.items() if getattr(file, key)))
    return ("execution_role",) if isinstance(file, Dataset) else ("model_registry", "sagemaker")
