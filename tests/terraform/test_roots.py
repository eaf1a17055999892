"""Roots and files: formatted, valid, locked alike, and fed with what the environment files know."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.config import models
from tests.terraform import hcl
from tests.terraform.conftest import LOCK, Terraform

PHASES = sorted(path for path in (hcl.TERRAFORM / "phases").iterdir() if path.is_dir())
ROOTS = pytest.mark.parametrize("root", PHASES, ids=lambda path: path.name)
ALWAYS = {"context", "provider_options"}
OPTIONAL = re.compile(r"^\s+(\w+)\s*=\s*optional\((\w+)(?:, (.+))?\)$", re.MULTILINE)


def description(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / "phase.yaml").read_text(encoding="utf-8"))
    return content


@pytest.mark.terraform
def test_everything_is_formatted(terraform: Terraform) -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, f"run `terraform fmt -recursive terraform`:\n{done.stdout}{done.stderr}"


@pytest.mark.terraform
@ROOTS
def test_a_root_is_valid(terraform: Terraform, root: Path) -> None:
    folder = f"phases/{root.name}"
    terraform.init(folder)
    done = terraform("validate", "-no-color", folder=folder)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert "Warning" not in done.stdout, done.stdout


@ROOTS
def test_a_root_has_the_canonical_lock_file(root: Path) -> None:
    assert (root / LOCK.name).read_bytes() == LOCK.read_bytes(), f"cp {LOCK} {root}"


def test_the_lock_file_serves_more_than_one_platform() -> None:
    hashes = re.findall(r'"((?:h1|zh):[^"]+)"', LOCK.read_text(encoding="utf-8"))
    assert len([h for h in hashes if h.startswith("h1:")]) >= 2, "one h1 only: written by a single machine"
    assert len([h for h in hashes if h.startswith("zh:")]) >= 10, "release hashes are missing"


@ROOTS
def test_a_root_declares_the_variables_of_its_description(root: Path) -> None:
    said = description(root)
    declared = {block.labels[0] for block in hcl.read(root) if block.kind == "variable"}
    assert declared == ALWAYS | set(said["values"]) | set(said["upstream"])


@ROOTS
def test_an_example_is_of_the_phase_alone(root: Path) -> None:
    example = json.loads((root / "example.outputs.json").read_text(encoding="utf-8"))
    assert list(example) == [description(root)["name"]]
    assert all(next(iter(example.values())).values()), "an example without values helps nobody"


@ROOTS
def test_defaults_are_those_of_the_environment_files(root: Path) -> None:
    """A section's fields exist in the model, and the few that both give a default give the same one."""
    platform = models.Platform()
    compared = 0
    for block in hcl.read(root):
        section = getattr(platform, block.labels[0], None) if block.kind == "variable" else None
        if not isinstance(section, models.Section) or block.labels[0] not in description(root)["values"]:
            continue
        known = json.loads(section.model_dump_json())
        for name, _type, default in OPTIONAL.findall(block.body):
            if name not in known:
                nested = [value for value in known.values() if isinstance(value, dict) and name in value]
                assert nested, f"{root.name}: {block.labels[0]}.{name} is in no environment file"
                continue
            if default and default[0] not in "[{":
                assert json.loads(default) == known[name], f"{root.name}: {block.labels[0]}.{name}"
                compared += 1
    assert compared or not {"network", "storage", "data", "training", "inference"} & set(description(root)["values"])
