"""Compare texts in full with the files below `snapshots/`, so that a change of wording shows in the diff.

`UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/orchestrator/cli -k snapshot` rewrites the files.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
RENEW = "UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/orchestrator/cli -k snapshot"


def check(name: str, text: str) -> None:
    """Require that the file `name` holds exactly `text`."""
    file = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    expected = file.read_text(encoding="utf-8") if file.is_file() else ""
    assert text == expected, f"snapshots/{name}.txt differs; if the new text is right, run `{RENEW}`"


def names(folder: str) -> set[str]:
    """The snapshots in a folder."""
    return {file.stem for file in (FOLDER / folder).glob("*.txt")}
