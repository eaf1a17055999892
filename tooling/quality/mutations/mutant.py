"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is put in or taken away, which decides how else it can be written."""

    VALUE = "value"
    """A literal in the place of an expression."""
    ATTRIBUTE = "attribute"
    """The attribute is removed; the same for the following three."""
    BLOCK = "block"
    GUARD = "guard"
    RESOURCE = "resource"
    ACTION = "action"
    """A wide pattern of IAM; the same for the following two."""
    TARGET = "target"
    PRINCIPAL = "principal"
    CONDITION = "condition"
    """An IAM condition, or a part of it, is removed."""


@dataclass(frozen=True)
class Mutant:
    """One weaker version of one file.

    Attributes:
        folder: the module or root, relative to `terraform/`.
        file: name of the changed file.
        address: what is changed, down to the attribute.
        category: what is lost by it.
        change: how, in words.
        span: offsets of what is replaced.
        replacement: by what.
        kind: what is put in or taken away.
        around: of a condition, where its operator stands, from the name to the end of what it holds.
        spelling: in which other words than the simplest; empty for those.
        addition: what those words need at the end of the file.
    """

    folder: str
    file: str
    address: str
    category: str
    change: str
    span: tuple[int, int]
    replacement: str
    kind: Kind = Kind.VALUE
    around: tuple[int, int] | None = None
    spelling: str = ""
    addition: str = ""

    @property
    def name(self) -> str:
        return f"{self.folder}: {self.address}: {self.change}" + (f", {self.spelling}" if self.spelling else "")

    def applied(self, text: str) -> str:
        return text[: self.span[0]] + self.replacement + text[self.span[1] :] + self.addition
