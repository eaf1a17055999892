"""Stacks that have a state and no files any more: what is deployed is told by the states, not by the files.

A blueprint's file may be deleted or renamed, and an older version of this code may have had a stack more. What such a
stack holds runs on, and is paid for, until it is destroyed; its state says all that Terraform needs for that.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from orchestrator.aws.model import StateStore
from orchestrator.core.terraform_json import REQUIRED_AWS, REQUIRED_TERRAFORM
from orchestrator.planning.graph import BLUEPRINT, BLUEPRINT_PHASE, Graph, Stack

_READERS = 8


def find(store: StateStore, graph: Graph) -> tuple[Stack, ...]:
    """Stacks of the state bucket that no file speaks of and that hold something, blueprints first.

    Raises:
        TerraformError: a state cannot be listed or read, so nobody knows what it holds.
    """
    names = [name for name in store.stacks() if name not in graph.names]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="state") as pool:
        states = pool.map(store.read, names)
        full = [name for name, state in zip(names, states, strict=True) if state and not state.is_empty]
    return tuple(_stack(name) for name in sorted(full, key=lambda name: (not name.startswith(BLUEPRINT), name)))


def _stack(name: str) -> Stack:
    phase = BLUEPRINT_PHASE if name.startswith(BLUEPRINT) else name
    values = ("context", "provider_options")
    return Stack(name, phase, order=0, root=None, needs=(), upstream=(), values=values, gone=True)


def write_root(folder: Path, lock_file: Path) -> None:
    """A root without resources: Terraform plans to destroy whatever the state holds.

    Resources of modules take the root's provider too. No module here has a provider of its own, nor an alias.
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
