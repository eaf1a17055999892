"""Where jsii, which runs cdktf in Node.js, keeps its temporary files.

It unpacks some megabytes and removes them when it ends in peace. So that a killed run leaves none in the machine's
temporary folder, it gets one that the next run finds and removes.
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
    """Give the kernel of this process a folder, before it starts; returns that folder.

    The environment of this process stays as it is: others read `TMPDIR` at the same time.
    """
    from jsii._kernel.providers import process

    own = scratch.folder((repo / scratch.FOLDER).resolve())
    node = own / "node"
    command = f'TMPDIR={shlex.quote(str(own))} exec {shlex.quote(os.environ.get("JSII_NODE", "node"))} "$@"\n'
    node.write_text(f"#!/bin/sh\n{command}", encoding="utf-8")
    node.chmod(0o700)
    os.environ["JSII_NODE"] = str(node)
    # Its own runtime is unpacked by Python.
    here = functools.partial(tempfile.TemporaryDirectory, dir=own)
    vars(process)["tempfile"] = SimpleNamespace(TemporaryDirectory=here)
    return own
