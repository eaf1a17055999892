"""Find the Terraform processes that run on this machine, including those of other checkouts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from orchestrator.system import processes
from orchestrator.system.identity import Identity

PROGRAM = "terraform"


def on_state(bucket: str, key: str, endpoint: str | None) -> Iterator[Identity]:
    """Yield this user's processes that work on a state, or may do so: from another checkout, or started manually.

    Args:
        bucket: the state's bucket.
        key: the state's key.
        endpoint: the endpoint of the local AWS that has the bucket; `None` on AWS.
    """
    for process, environment in processes.running(PROGRAM):
        if environment is None:
            yield process  # it may work on any state
        # Each local AWS has a bucket of the same name.
        elif (environment.get("AWS_ENDPOINT_URL") or None) == endpoint:
            backend = _backend(environment, process)
            if backend is None or backend == (bucket, key):
                yield process


def _backend(environment: dict[str, str], process: Identity) -> tuple[str, str] | None:
    """Read bucket and key from `terraform init`'s record in the data folder; `None` if it is unreadable."""
    folder = Path(environment.get("TF_DATA_DIR") or f"/proc/{process.pid}/cwd/.terraform")
    try:
        backend = json.loads((folder / "terraform.tfstate").read_text(encoding="utf-8"))["backend"]
        return str(backend["config"]["bucket"]), str(backend["config"]["key"])
    except FileNotFoundError:
        return ("", "")  # without a backend the state is local
    except (OSError, ValueError, KeyError, TypeError):
        return None
