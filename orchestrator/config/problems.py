"""What is wrong in an environment file, said in one line per problem."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigError
from orchestrator.system.text_files import clipped, printable, shown

MOST_SHOWN = 50
"""Problems of one load; a file that was written for something else has a thousand, and nobody reads them."""
LONGEST_GUESSED = 80
"""Characters of a word that is compared with known ones: the comparison takes the square of it."""


class _NoValue:
    """Marks a problem that received no value at all (a missing key)."""


NO_VALUE = _NoValue()


@dataclass(frozen=True)
class Problem:
    """One broken rule: where it is, what the rule says, what was received."""

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


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be."""
    if len(word) > LONGEST_GUESSED:
        return None
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def config_error(problems: Sequence[Problem]) -> ConfigError:
    """All problems of one load as one error, in the order of the files."""
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
