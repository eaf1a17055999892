"""Read the `requirements.txt` of a model's folder. Pure, except for reading files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from orchestrator.errors import ConfigError
from orchestrator.system import text_files

FILE = "requirements.txt"
_LINE = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~(;].*)?")
_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_REFUSED = (
    ("--hash", f"hashes belong into requirements.lock.txt, which the orchestrator writes: leave them out of {FILE}"),
    ("-", "options are not supported: the package index is that of pip's configuration"),
    ("://", "URLs are not supported: require a name, and put the wheel into the folder `wheels` beside the file"),
    ("@", "direct references are not supported: require a name, and put the wheel into the folder `wheels`"),
    ("/", "paths are not supported: require a name, and put the wheel into the folder `wheels` beside the file"),
)


@dataclass(frozen=True)
class Requirement:
    """One required package. `text` is the line that pip reads."""

    name: str
    text: str


def parse(text: str) -> Requirement | None:
    """Parse one requirement. `None` if it is not a name with versions and markers."""
    match = _LINE.fullmatch(text)
    return Requirement(canonicalize_name(match["name"]), text) if match else None


def read(folder: Path) -> list[Requirement]:
    """Return the requirements of a folder, in their order; none if it has no such file.

    Raises:
        ConfigError: a line is not a name with versions and markers.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    required = []
    try:
        text = text_files.read(path)
    except text_files.Refused as error:
        raise ConfigError(f"{path}:{error.line}: {error.rule}") from error
    for number, line in _lines(text):
        problem = next((reason for sign, reason in _REFUSED if _has(line, sign)), None)
        requirement = parse(line)
        if problem or requirement is None:
            what = problem or "is not a requirement such as `lightgbm==4.7.0`"
            raise ConfigError(f"{path}:{number}: {what} (received `{line}`)")
        required.append(requirement)
    return required


def _has(line: str, sign: str) -> bool:
    return line.startswith(sign) if sign == "-" else sign in line.partition(";")[0]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers: continued ones joined, without comments and blanks."""
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        pending += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        content = _COMMENT.sub("", pending).strip()
        if content:
            yield start, content
        pending, start = "", 0
