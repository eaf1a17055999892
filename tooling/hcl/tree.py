"""Where every block and attribute of a Terraform file stands, objects inside expressions included.

It relies on nothing but HCL's brackets, strings and comments, so `jsonencode({ Statement = [...] })` and
`locals` are read like blocks: a policy written as an object is as open to mutation as a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_WORD = re.compile(r'[A-Za-z_][\w-]*|"(?:[^"\\]|\\.)*"')
_HEREDOC = re.compile(r"<<-?(\w+)\n")
_FOR = re.compile(r"\s*for\s")


@dataclass
class Node:
    """A block, an attribute, or an object literal; offsets are into the file's text.

    Attributes:
        kind: `block`, `attribute` or `object`.
        name: block type or attribute name; empty for objects.
        start, end: from the first character of its line to the end of its line break, if no other node is there.
        value: the span of an attribute's expression, or of what stands between an object's or block's braces.
    """

    kind: str
    name: str
    labels: tuple[str, ...]
    start: int
    end: int
    value: tuple[int, int]
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def child(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)


def is_statement(names: set[str]) -> bool:
    """Tell whether an object with these entries is a statement of an IAM policy."""
    acts = {"Action", "NotAction", "Resource", "NotResource"}
    return bool(names & acts) and bool(names & {"Effect", "Sid", "Principal"})


def read(text: str) -> list[Node]:
    """Read the top-level blocks of a file."""
    return _Reader(text).body(0, top=True)[0]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def body(self, at: int, *, top: bool = False) -> tuple[list[Node], int]:
        """Read blocks and attributes up to the closing brace (or the end of the file); return them and the offset."""
        nodes: list[Node] = []
        while True:
            at = self._blank(at)
            if at >= len(self.text):
                return nodes, at
            if self.text[at] == "}":
                return nodes, at + 1
            node, at = self._entry(at)
            if node:
                nodes.append(node)

    def _entry(self, at: int) -> tuple[Node | None, int]:
        word = _WORD.match(self.text, at)
        if not word:  # a computed key, `(expression) = value`
            at = self._expression(at, stops="=:")[1]
            return None, self._expression(at + 1, stops="\n,}")[1]
        start, name, after = self._line_start(at), word[0].strip('"'), word.end()
        labels: list[str] = []
        while label := _WORD.match(self.text, self._spaces(after)):
            labels.append(label[0].strip('"'))
            after = label.end()
        after = self._spaces(after)
        if self.text[after] == "{":
            children, end = self.body(after + 1)
            node = Node("block", name, tuple(labels), start, self._line_end(end), (after + 1, end - 1), children)
            return node, end
        begin = self._spaces(after + 1)
        children, end = self._expression(begin, stops="\n,}")
        stop = end
        while stop > begin and self.text[stop - 1] in " \t":
            stop -= 1
        return Node("attribute", name, (), start, self._line_end(end), (begin, stop), children), end

    def _expression(self, at: int, *, stops: str) -> tuple[list[Node], int]:
        """Read the object literals inside an expression; return them and the offset of its end."""
        nodes: list[Node] = []
        depth = 0
        while at < len(self.text):
            sign = self.text[at]
            if depth == 0 and sign in stops:
                break
            if sign == '"':
                at = self._string(at)
            elif heredoc := _HEREDOC.match(self.text, at):
                closing = re.compile(rf"^\s*{heredoc[1]}$", re.MULTILINE).search(self.text, heredoc.end())
                at = closing.end() if closing else len(self.text)
            elif sign == "#" or self.text.startswith("//", at):
                at = self._end_of_line(at)
            elif sign == "{" and not _FOR.match(self.text, at + 1):
                children, end = self.body(at + 1)
                nodes.append(Node("object", "", (), at, end, (at + 1, end - 1), children))
                at = end
            else:
                depth += (sign in "([{") - (sign in ")]}")
                at += 1
        return nodes, at

    def _string(self, at: int) -> int:
        at += 1
        while self.text[at] != '"':
            if self.text[at] == "\\":
                at += 2
            elif self.text.startswith(("${", "%{"), at) and self.text[at - 1] != self.text[at]:
                depth, at = 1, at + 2
                while depth:
                    if self.text[at] == '"':
                        at = self._string(at)
                        continue
                    depth += (self.text[at] == "{") - (self.text[at] == "}")
                    at += 1
            else:
                at += 1
        return at + 1

    def _blank(self, at: int) -> int:
        while at < len(self.text):
            if self.text[at] in " \t\r\n,":
                at += 1
            elif self.text[at] == "#" or self.text.startswith("//", at):
                at = self._end_of_line(at)
            else:
                break
        return at

    def _spaces(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in " \t":
            at += 1
        return at

    def _end_of_line(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _line_start(self, at: int) -> int:
        start = self.text.rfind("\n", 0, at) + 1
        return start if not self.text[start:at].strip() else at

    def _line_end(self, at: int) -> int:
        end = self._end_of_line(at)
        rest = self.text[at:end].strip()
        return end + 1 if not rest or rest.startswith("#") else at
