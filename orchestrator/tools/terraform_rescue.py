"""What terraform leaves behind when it could not store its state.

When the state's bucket does not answer at the end of an apply, terraform writes `errored.tfstate` into the
folder that it ran in. That folder is shared by all environments, and the file is the only record of what
was just made; so it goes to the folder of the stack, and the error says what to do with it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestrator.errors import PlatformError
from orchestrator.tools.interfaces import Workspace

_LEFT = "errored.tfstate"


def rescue(ws: Workspace, error: PlatformError) -> Path | None:
    """Keep the unsaved state, if there is one, and let the error's hint tell of it."""
    left = ws.root / _LEFT
    if not left.is_file():
        return None
    kept = ws.data_dir.parent / _LEFT
    shutil.move(left, kept)
    error.hint = (
        f"What was done is not in the stored state, but in {kept}. When the state's bucket answers again: "
        f"`terraform -chdir={ws.root} state push {kept}` (`orchestrator render` prints the variables it needs), "
        "then repeat the command."
    )
    return kept
