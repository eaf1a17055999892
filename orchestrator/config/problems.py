"""Report problems in environment files, one line per problem."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigError
from orchestrator.system.text_files import clipped, printable, shown

MOST_SHOWN = 50
"""Problems that are shown; a file written for another purpose has thousands."""
LONGEST_GUESSED = 80
"""Characters of a word that is compared with known words: the time grows with the square of its length."""


class _NoValue:
    """Marks a problem without a received value (a missing key)."""


NO_VALUE = _NoValue()


@dataclass(frozen=True)
class Problem:
    """A broken rule, with its place and the received value."""

    file: str
    line: int
    key: str
    rule: str
    value: Any = NO_VALUE
    suggestion: str | None = None

    def __str__(self) -> str:
        key = clipped(printable(self.key))
        where = f"{printable(self.file)}:{self.line}" + (f": {key}" if key else "")
        received = "" if isinstance(self.value, _NoValue) else f" (received {shown(self.value)})"
        suggestion = f"; did you mean `{self.suggestion}`?" if self.suggestion else ""
        return f"{where}: {self.rule}{received}{suggestion}"


class InvalidValue(ValueError):
    """A value that AWS would reject; the message is the rule, `suggestion` a similar valid value."""

    def __init__(self, rule: str, suggestion: str | None = None) -> None:
        super().__init__(rule)
        self.suggestion = suggestion


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that `word` most resembles."""
    if len(word) > LONGEST_GUESSED:
        return None
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def config_error(problems: Sequence[Problem]) -> ConfigError:
    """Combine all problems of a load in one error, in the order of the files."""
    ordered = sorted(problems, key=lambda each: (each.file, each.line))
    lines = [str(problem) for problem in ordered[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        lines.append(f"and {len(problems) - MOST_SHOWN} more")
    if len(lines) == 1:
        message = lines[0]
    else:
        message = f"{len(problems)} problems in the environment files:\n" + "\n".join(f"  {line}" for line in lines)
    return ConfigError(
        message, hint="`orchestrator schema platform` and `orchestrator schema blueprint` list every key"
    )
