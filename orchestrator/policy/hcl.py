"""Parse Terraform code as far as the policy gate needs it: its blocks and its comments.

Only signs, strings, heredocs and comments are distinguished, by HCL's rules. A text search is not enough: what looks
like a comment may be part of a description, and a brace in a string does not close a block.
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
    """The text is not HCL; parsing stopped at `line`."""

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
    """A top-level block of a file, with its comments, and with its direct arguments that are plain strings."""

    kind: str
    labels: tuple[str, ...]
    line: int
    comments: list[Token] = field(default_factory=list)
    strings: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The block's address inside its module: `aws_x.name`, `data.aws_x.name`, `variable.name`."""
        return ".".join(self.labels if self.kind == "resource" else (self.kind, *self.labels))


@dataclass(frozen=True)
class File:
    """The blocks of a file, and in `loose` the comments outside of them."""

    blocks: list[Block]
    loose: list[Token]


@lru_cache(maxsize=2048)
def read(text: str) -> File:
    """Parse a file. Raises `Unreadable` for a string, comment or bracket that is not closed.

    A scan parses every file several times, so the result is cached: callers must not change it.
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
            raise Unreadable(token.line, f"`{token.text}` has no opening bracket")
    if depth:
        raise Unreadable(blocks[-1].line, "this block is not closed")
    return File(blocks, loose)


def _block(heading: list[Token], brace: Token) -> Block:
    if brace.text != "{" or not heading or heading[0].kind != "word":
        raise Unreadable(brace.line, "this is not the start of a block")
    return Block(heading[0].text, tuple(each.text for each in heading[1:]), heading[0].line)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted, self.lines = 0, 1

    def tokens(self, *, inside: bool = False) -> Iterator[Token]:
        """Yield all tokens; with `inside`, those up to the brace that ends a template's expression."""
        depth = 0
        while self.at < len(self.text):
            start, sign = self.at, self.text[self.at]
            if space := _SPACE.match(self.text, start):
                self.at = space.end()
            elif sign == "#" or self.text.startswith("//", start):
                end = self.text.find("\n", start)
                yield self._token("comment", end if end >= 0 else len(self.text))
            elif self.text.startswith("/*", start):
                yield self._token("comment", self._find("*/", start + 2) + 2)
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
            raise Unreadable(self._line(), "an expression in a string is not closed")

    def _token(self, kind: str, end: int) -> Token:
        token = Token(kind, self.text[self.at : end], self._line())
        self.at = end
        return token

    def _string(self) -> None:
        begin = self._line()
        self.at += 1
        while not self.text.startswith('"', self.at):
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise Unreadable(begin, "a string is not closed on its line")
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
                raise Unreadable(begin, f"the heredoc has no closing {opening[1]}")
            self.at += 1

    def _literal(self) -> None:
        """Read some characters of a text, or an expression in it: `$${` and `%%{` are not expressions."""
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

    def _find(self, what: str, start: int) -> int:
        position = self.text.find(what, start)
        if position < 0:
            raise Unreadable(self._line(), "a comment is not closed")
        return position

    def _line(self) -> int:
        self.lines += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.lines
