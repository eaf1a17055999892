"""Decide whether `terraform init` is needed: only if one of its inputs has changed.

Init installs modules and providers and records the backend. So it depends on the module calls in all code of a root,
on its `terraform` blocks, the lock file, the backend's settings, on whether a running provider is attached (then none
is installed), and on the program itself. The files that it wrote must still exist.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from orchestrator.system import own_files
from orchestrator.terraform import source_files
from orchestrator.terraform.model import Workspace

_RECORD = "initialised.json"
_CALL = re.compile(r'^\s*(?:module\s+"[^"]+"|source\s*=|version\s*=)[^\n]*', re.MULTILINE)
_SETTINGS = re.compile(r"^terraform\s*\{", re.MULTILINE)
_MADE = ("terraform.tfstate", "modules/modules.json")


def is_current(ws: Workspace, binary: str) -> bool:
    """Return whether init would leave the stack's data folder unchanged."""
    if ws.backend_file is None:
        return False  # a preview's root is recreated each time
    recorded = own_files.remembered(ws.data_dir / _RECORD)
    if recorded is None:
        return False
    made = (*_MADE, "providers") if not _attached(ws) else _MADE
    return all((ws.data_dir / name).exists() for name in made) and recorded == _inputs(ws, binary)


def record(ws: Workspace, binary: str) -> None:
    """Record the inputs of a successful init."""
    if ws.backend_file is not None and (inputs := _inputs(ws, binary)):
        (ws.data_dir / _RECORD).write_text(json.dumps(inputs), encoding="utf-8")


def forget(ws: Workspace) -> None:
    """Delete the record, before an init and after any failure, so that the next run calls init."""
    (ws.data_dir / _RECORD).unlink(missing_ok=True)


def _attached(ws: Workspace) -> bool:
    return "TF_REATTACH_PROVIDERS" in ws.env


def _inputs(ws: Workspace, binary: str) -> dict[str, str] | None:
    """Hash each input; `None` if the code's dependencies are unknown, so that init always runs."""
    assert ws.backend_file is not None
    program = Path(binary).stat()
    try:
        code = hashlib.sha256("\n".join(_code(ws.root)).encode()).hexdigest()
    except (source_files.Opaque, OSError):
        return None
    return {
        "code": code,
        "backend": hashlib.sha256(ws.backend_file.read_bytes()).hexdigest(),
        "attached": str(_attached(ws)),
        "configuration": ws.env.get("TF_CLI_CONFIG_FILE", ""),
        "program": f"{binary} {program.st_size} {program.st_mtime_ns}",
    }


def _code(root: Path) -> Iterator[str]:
    for file in source_files.files(root):
        if file.name == ".terraform.lock.hcl" or file.name.endswith(".tf.json"):
            yield f"{file}\n{file.read_text(encoding='utf-8')}"
        elif file.suffix == ".tf":
            text = file.read_text(encoding="utf-8")
            yield f"{file}\n{text}" if _SETTINGS.search(text) else "\n".join((str(file), *_CALL.findall(text)))
