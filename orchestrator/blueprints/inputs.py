"""What a synthesised root depends on; known without synthesising it, and so without starting Node.js."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from orchestrator.blueprints.matrix import cell
from orchestrator.config import models
from orchestrator.config.models import Blueprint, Environment
from orchestrator.tools.interfaces import SynthInputs


def synth_inputs(environment: Environment, blueprint: Blueprint, repo: Path) -> SynthInputs:
    """Everything that `synth` reads for one blueprint."""
    found = cell(blueprint)
    assert found.module is not None
    return SynthInputs(
        code=(*sorted(Path(__file__).parent.glob("*.py")), Path(models.__file__)),
        module=repo / "terraform" / "modules" / found.module,
        facts={
            "the blueprint file": blueprint.model_dump(mode="json"),
            "section `monitoring`": environment.platform.monitoring.model_dump(mode="json"),
            "cdktf's version": metadata.version("cdktf"),
        },
    )
