"""Terraform processes that run on this machine, whoever started them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from orchestrator.system import processes
from orchestrator.system.identity import Identity

PROGRAM = "terraform"


def on_state(bucket: str, key: str, endpoint: str | None) -> Iterator[Identity]:
    """Those of this user that work on a state, or may do so: from another checkout, or started by hand.

    Args:
        bucket: of the state.
        key: of the state.
        endpoint: of the local AWS that has the bucket; `None` on AWS.
    """
    for process, environment in processes.running(PROGRAM):
        if environment is None:
            yield process  # it may be any
        # Each local AWS has a bucket of the same name.
        elif (environment.get("AWS_ENDPOINT_URL") or None) == endpoint:
            backend = _backend(environment, process)
            if backend is None or backend == (bucket, key):
                yield process


def _backend(environment: dict[str, str], process: Identity) -> tuple[str, str] | None:
    """Bucket and key, from what `terraform init` has noted in the data folder; `None` if that does not say."""
    folder = Path(environment.get("TF_DATA_DIR") or f"/proc/{process.pid}/cwd/.terraform")
    try:
        backend = json.loads((folder / "terraform.tfstate").read_text(encoding="utf-8"))["backend"]
        return str(backend["config"]["bucket"]), str(backend["config"]["key"])
    except FileNotFoundError:
        return ("", "")  # no backend was set up there: a local state
    except (OSError, ValueError, KeyError, TypeError):
        return None
