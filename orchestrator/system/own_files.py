"""Read and write files of the orchestrator and terraform, which a kill or a full disk may have truncated.

There are two kinds of JSON files. A truncated file that only saves time (`remembered`) counts as missing. A truncated
file that is required (`parsed`) is refused with a message and a remedy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from orchestrator.errors import PlatformError
from orchestrator.system import trouble
from orchestrator.system.text_files import clipped


def write(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file that is either complete or missing, even after a power cut."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_changed(path: Path, text: str) -> None:
    """Write a text file unless it is unchanged, so that its time says when it last changed."""
    if not path.is_file() or path.read_bytes() != text.encode():
        with trouble.writing(path):
            path.write_text(text, encoding="utf-8")


def remembered(path: Path) -> Any:
    """Read a file that can be recreated; `None` if it is missing, unreadable or truncated."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def parsed(
    content: bytes, where: str, *, keys: Collection[str], error: type[PlatformError], hint: str
) -> dict[str, Any]:
    """Parse a JSON object that must have these keys.

    Args:
        content: the file's bytes.
        where: the file's name and place, for the message.
        keys: the required keys.
        error: raised for anything else, with this `hint`.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as caught:
        why = clipped(str(caught)) if content.strip() else "it is empty"
        raise error(f"{where} is not JSON: {why}", hint=hint) from caught
    if not isinstance(document, dict):
        raise error(f"{where} is not a JSON object: it begins with {clipped(repr(document), 40)}", hint=hint)
    missing = [key for key in keys if key not in document]
    if missing:
        raise error(f"{where} is incomplete: it lacks {', '.join(f'`{key}`' for key in missing)}", hint=hint)
    return document
