"""What the orchestrator or terraform wrote and it reads again: JSON that a kill or a full disk may have cut short.

Two kinds, and each is read in one way. What only saves time (`remembered`) counts as missing if it is not whole. What
nobody can do without (`parsed`) is refused in words, with what to do about it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from orchestrator.errors import PlatformError
from orchestrator.system.text_files import clipped


def write(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file that is whole or not there, also after a power cut."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def remembered(path: Path) -> Any:
    """The content of a file that can be made again; `None` where it is missing, unreadable or cut short."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def parsed(
    content: bytes, where: str, *, keys: Collection[str], error: type[PlatformError], hint: str
) -> dict[str, Any]:
    """An object that has these keys.

    Args:
        content: as it was read.
        where: what it is and where it lies, for the message.
        keys: those without which it is useless.
        error: raised for anything else, with this `hint`.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as caught:
        why = clipped(str(caught)) if content.strip() else "it is empty"
        raise error(f"{where} is not JSON: {why}", hint=hint) from caught
    if not isinstance(found, dict):
        raise error(f"{where} is no JSON object: it begins with {clipped(repr(found), 40)}", hint=hint)
    missing = [key for key in keys if key not in found]
    if missing:
        raise error(f"{where} is not whole: it lacks {', '.join(f'`{key}`' for key in missing)}", hint=hint)
    return found
