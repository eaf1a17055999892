"""Find stacks that have a state but no files any more: the states say what is deployed, not the files.

A blueprint's file may be deleted or renamed, and an older version of this code may have had another stack. The
resources of such a stack run on and cost money until it is destroyed; for that, Terraform needs only the state.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from orchestrator.aws.model import StateStore
from orchestrator.core.terraform_json import REQUIRED_AWS, REQUIRED_TERRAFORM
from orchestrator.planning.graph import (
    BLUEPRINT,
    BLUEPRINT_PHASE,
    DATASET,
    DATASET_PHASE,
    PREFIXES,
    TRAINED_BY,
    TRAINING,
    Graph,
    Stack,
)

_READERS = 8
PHASES = {BLUEPRINT: BLUEPRINT_PHASE, TRAINING: TRAINED_BY, DATASET: DATASET_PHASE}


def find(store: StateStore, graph: Graph) -> tuple[Stack, ...]:
    """Return the stacks with resources in the state bucket that no file describes, blueprints first.

    Raises:
        TerraformError: a state cannot be listed or read, so its contents are unknown.
    """
    names = [name for name in store.stacks() if name not in graph.names]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="state") as pool:
        states = pool.map(store.read, names)
        full = [name for name, state in zip(names, states, strict=True) if state and not state.is_empty]
    return tuple(_stack(name) for name in sorted(full, key=lambda name: (_place(name), name)))


def _place(name: str) -> int:
    """Return the place of a stack in the order of destruction."""
    return next((place for place, prefix in enumerate(PREFIXES) if name.startswith(prefix)), len(PREFIXES))


def _stack(name: str) -> Stack:
    phase = next((phase for prefix, phase in PHASES.items() if name.startswith(prefix)), name)
    values = ("context", "provider_options")
    return Stack(name, phase, order=0, root=None, needs=(), upstream=(), values=values, gone=True)


def write_root(folder: Path, lock_file: Path) -> None:
    """Write a root without resources, so that Terraform plans to destroy everything in the state.

    Resources of modules use the root's provider too, since no module here has its own provider or an alias.
    """
    provider = {
        "region": "${var.context.region}",
        "default_tags": [{"tags": "${var.context.tags}"}],
        "s3_use_path_style": "${var.provider_options.s3_use_path_style}",
        "max_retries": "${var.provider_options.max_retries}",
    }
    root: dict[str, Any] = {
        "terraform": {
            "required_version": REQUIRED_TERRAFORM,
            "required_providers": {"aws": REQUIRED_AWS},
            "backend": {"s3": {}},
        },
        "variable": {name: {"type": "any"} for name in ("context", "provider_options")},
        "provider": {"aws": [provider]},
    }
    (folder / "main.tf.json").write_text(json.dumps(root, indent=2) + "\n", encoding="utf-8")
    if lock_file.is_file():
        shutil.copyfile(lock_file, folder / lock_file.name)
