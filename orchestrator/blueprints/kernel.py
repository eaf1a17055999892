"""Set the temporary folder of jsii, which runs cdktf in Node.js.

jsii unpacks some megabytes and removes them when it exits normally. The files of a killed run would stay in the
machine's temporary folder, so jsii gets a folder that the next run finds and removes.
"""

from __future__ import annotations

import functools
import os
import shlex
import tempfile
from pathlib import Path
from types import SimpleNamespace

from orchestrator.system import scratch


@functools.cache
def at_home(repo: Path) -> Path:
    """Set the folder of this process's kernel before it starts, and return it.

    The environment variables of this process do not change, because other threads read `TMPDIR` at the same time.
    """
    from jsii._kernel.providers import process

    own = scratch.folder((repo / scratch.FOLDER).resolve())
    node = own / "node"
    command = f'TMPDIR={shlex.quote(str(own))} exec {shlex.quote(os.environ.get("JSII_NODE", "node"))} "$@"\n'
    node.write_text(f"#!/bin/sh\n{command}", encoding="utf-8")
    node.chmod(0o700)
    os.environ["JSII_NODE"] = str(node)
    # The runtime of jsii is unpacked by Python.
    here = functools.partial(tempfile.TemporaryDirectory, dir=own)
    vars(process)["tempfile"] = SimpleNamespace(TemporaryDirectory=here)
    return own
