"""Reads Terraform code as far as the policy gate must: which blocks there are, and what stands in comments.

Only signs, strings, heredocs and comments are told apart, as HCL does it. A text search is not enough: what looks like
a comment may be a description, and a brace in a string closes no block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

_WORD = re.compile(r"[^\W\d][\w-]*")
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)\r?\n")
_TEMPLATE = ("${", "%{")
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r'[^"\\\n$%]+')
_OPENING, _CLOSING = "([{", ")]}"


class Unreadable(Exception):
    """The text is no HCL; `line` says where reading ended."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True)
class Token:
    """`kind` is `word`, `string`, `heredoc`, `sign` or `comment`; a string's text is without its quotes."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Block:
    """A block at the top of a file, with its comments and its own arguments that are plain strings."""

    kind: str
    labels: tuple[str, ...]
    line: int
    comments: list[Token] = field(default_factory=list)
    strings: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """As Terraform names it inside its module: `aws_x.name`, `data.aws_x.name`, `variable.name`."""
        return ".".join(self.labels if self.kind == "resource" else (self.kind, *self.labels))


@dataclass(frozen=True)
class File:
    """`loose` are the comments that stand in no block."""

    blocks: list[Block]
    loose: list[Token]


@lru_cache(maxsize=2048)
def read(text: str) -> File:
    """The blocks of a file. Raises `Unreadable` for a string, comment or bracket that does not end.

    A scan asks for every file several times, so the answer is kept: nobody may change it.
    """
    blocks: list[Block] = []
    loose: list[Token] = []
    heading: list[Token] = []
    depth = 0
    last: list[Token] = []
    for token in _Reader(text).tokens():
        if token.kind == "comment":
            (blocks[-1].comments if depth else loose).append(token)
            continue
        if token.kind == "sign" and token.text in _OPENING:
            if depth == 0:
                blocks.append(_block(heading, token))
                heading = []
            depth += 1
        elif token.kind == "sign" and token.text in _CLOSING:
            depth -= 1
        elif depth == 0:
            heading.append(token)
        last = [*last[-2:], token]
        if depth == 1 and [each.kind for each in last] == ["word", "sign", "string"] and last[1].text == "=":
            blocks[-1].strings[last[0].text] = token.text
        if depth < 0:
            raise Unreadable(token.line, f"`{token.text}` closes nothing")
    if depth:
        raise Unreadable(blocks[-1].line, "the block that begins here does not end")
    return File(blocks, loose)


def _block(heading: list[Token], brace: Token) -> Block:
    if brace.text != "{" or not heading or heading[0].kind != "word":
        raise Unreadable(brace.line, "this begins no block")
    return Block(heading[0].text, tuple(each.text for each in heading[1:]), heading[0].line)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted, self.lines = 0, 1

    def tokens(self, *, inside: bool = False) -> Iterator[Token]:
        """All tokens; with `inside`, those up to the brace that ends a template's expression."""
        depth = 0
        while self.at < len(self.text):
            start, sign = self.at, self.text[self.at]
            if space := _SPACE.match(self.text, start):
                self.at = space.end()
            elif sign == "#" or self.text.startswith("//", start):
                end = self.text.find("\n", start)
                yield self._token("comment", end if end >= 0 else len(self.text))
            elif self.text.startswith("/*", start):
                yield self._token("comment", self._found("*/", start + 2) + 2)
            elif sign == '"':
                line = self._line()
                self._string()
                yield Token("string", self.text[start + 1 : self.at - 1], line)
            elif heredoc := _HEREDOC.match(self.text, start):
                line = self._line()
                self._heredoc(heredoc)
                yield Token("heredoc", self.text[heredoc.end() : self.at], line)
            elif word := _WORD.match(self.text, start):
                yield self._token("word", word.end())
            else:
                depth += (sign == "{") - (sign == "}")
                if inside and depth < 0:
                    return
                yield self._token("sign", start + 1)
        if inside:
            raise Unreadable(self._line(), "an expression in a string does not end")

    def _token(self, kind: str, end: int) -> Token:
        token = Token(kind, self.text[self.at : end], self._line())
        self.at = end
        return token

    def _string(self) -> None:
        begin = self._line()
        self.at += 1
        while not self.text.startswith('"', self.at):
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise Unreadable(begin, "a string does not end on its line")
            if self.text[self.at] == "\\":
                self.at += 2
            else:
                self._literal()
        self.at += 1

    def _heredoc(self, opening: re.Match[str]) -> None:
        begin = self._line()
        closing = re.compile(rf"[ \t]*{re.escape(opening[1])}[ \t]*\r?(?:\n|\Z)")
        self.at = opening.end()
        while True:
            if end := closing.match(self.text, self.at):
                self.at = end.end()
                return
            while self.at < len(self.text) and self.text[self.at] != "\n":
                self._literal()
            if self.at >= len(self.text):
                raise Unreadable(begin, f"the text that ends with {opening[1]} does not end")
            self.at += 1

    def _literal(self) -> None:
        """Some characters of a text, or an expression in it: `$${` and `%%{` are no expressions."""
        if self.text.startswith(("$${", "%%{"), self.at):
            self.at += 3
        elif self.text.startswith(_TEMPLATE, self.at):
            self.at += 2
            for _ in self.tokens(inside=True):
                pass
            self.at += 1
        else:
            plain = _PLAIN.match(self.text, self.at)
            self.at = plain.end() if plain else self.at + 1

    def _found(self, what: str, start: int) -> int:
        found = self.text.find(what, start)
        if found < 0:
            raise Unreadable(self._line(), "a comment does not end")
        return found

    def _line(self) -> int:
        self.lines += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.lines
