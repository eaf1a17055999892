"""Mutate environment files with a seed: bytes, encodings, structure, values.

The same number always makes the same file. A mutated file may still be valid (an optional line left out);
`must_be_refused` is set only where a refusal is certain.
"""

from __future__ import annotations

import codecs
import random
from collections.abc import Callable
from dataclasses import dataclass

HOSTILE = (
    "9" * 400, "-1", "0", "1e999", "-.inf", ".nan", "0x" + "f" * 40, "010", "1_000", "2027-02-30", "2027-13-01",
    "2027-01-31", "0000-00-00", "9999-12-31T23:59:60Z", "null", "~", "true", "yes", "[]", "{}", "[[]]", "{a: b}",
    '""', '" "', '"\\0"', '"\\e[31m"', '"\\ud800"', '"\\u202e"', "x" * 300, "'" + "y" * 100_000 + "'", "*a", "&a b",
    "!!binary aGk=", "!!python/name:os.system", "!!set {a}", "!!timestamp 2027-01-01", "!!int x", "| \n", ">\n  x",
    "a: b: c", "[a", "{a", "'a", '"a', "@a", "`a`", "%a", "- a", "? a", "${file(\"/etc/passwd\")}", "größe",
    "\U0001f600", "\t", "#", "<<", "=", "1:30", "1.2.3", "0o8", "1e400000", "." * 50, "ml.banana.large",
    "10.0.0.0/8", "::/0", "arn:foo:", "https://127.1/", "cron(banana)", "(]", "3.5", "-0", "1e12", "1" * 4400,
)  # fmt: skip
LINES = (
    "<<: {a: b}", "<<: *x", "a: &x [*x]", "1: x", "null: x", "true: x", "2027-01-31: x", "? [a]\n: b", "---", "...",
    "--- x", "%YAML 1.1", "%TAG ! tag:x,2000:", "\tx: y", "x", "- x", ": x", "[", "}", "projekt: x", "!!map x: y",
    "constructor: {}", "__proto__: {}", '"": x', "\u2028", "\x85", "\x00", "\x1b[2J", "\ufeff", "#" * 5000,
)  # fmt: skip
CODECS = ("latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "shift_jis")


@dataclass(frozen=True)
class Mutated:
    how: str
    content: bytes
    must_be_refused: bool = False


Hand = Callable[[random.Random, str], Mutated]


def mutate(text: str, chance: random.Random) -> Mutated:
    return chance.choice(HANDS)(chance, text)


def _bytes_changed(chance: random.Random, text: str) -> Mutated:
    content = bytearray(text.encode())
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return Mutated("bytes changed", bytes(content))


def _bytes_added(chance: random.Random, text: str) -> Mutated:
    content, at = text.encode(), chance.randrange(len(text))
    added = bytes(chance.choice((0, 9, 13, 27, 127, 128, 192, 237, 255)) for _ in range(chance.randint(1, 4)))
    return Mutated("bytes added", content[:at] + added + content[at:])


def _cut(chance: random.Random, text: str) -> Mutated:
    return Mutated("cut", text.encode()[: chance.randrange(len(text))])


def _nothing_left(chance: random.Random, text: str) -> Mutated:
    left = chance.choice((b"", b"\n", b" ", b"#", b"---\n", b"...\n", b"~", b"{}", b"[]", b'""', b"\xef\xbb\xbf"))
    return Mutated("nothing left", left, must_be_refused=True)


def _encoded(chance: random.Random, text: str) -> Mutated:
    codec = chance.choice(CODECS)
    certain = codec not in ("utf-7", "shift_jis")
    return Mutated(f"in {codec}", f"# größe\n{text}".encode(codec, "replace"), must_be_refused=certain)


def _marked(chance: random.Random, text: str) -> Mutated:
    mark = chance.choice((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE, codecs.BOM_UTF8 * 2))
    return Mutated("marked as another encoding", mark + text.encode(), must_be_refused=True)


def _lines(chance: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, chance.choice([number for number, line in enumerate(lines) if ":" in line])


def _line_gone(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    return Mutated("a line gone", "\n".join(lines[:at] + lines[at + chance.randint(1, 3) :]).encode())


def _line_twice(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    twice = not lines[at].strip().startswith(("-", "#")) and not lines[at].rstrip().endswith((":", ": |"))
    return Mutated("a line twice", "\n".join([*lines[:at], lines[at], *lines[at:]]).encode(), must_be_refused=twice)


def _line_moved(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    line = lines.pop(at)
    lines.insert(chance.randrange(len(lines)), line)
    return Mutated("a line moved", "\n".join(lines).encode())


def _line_shifted(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    lines[at] = (
        chance.choice((" ", "  ", "\t", "    ", "- ")) + lines[at] if chance.random() < 0.7 else lines[at].strip()
    )
    return Mutated("a line shifted", "\n".join(lines).encode())


def _line_added(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    return Mutated("a line added", "\n".join([*lines[:at], indent + chance.choice(LINES), *lines[at:]]).encode())


def _key_changed(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    key, colon, rest = lines[at].partition(":")
    name = key.strip(" -#")
    other = chance.choice((name[:-1] or "x", name + "s", name.upper(), f"&a {name}", f"!x {name}", "7", "", "'", "[a]"))
    lines[at] = key.replace(name, other, 1) + colon + rest
    return Mutated("a key changed", "\n".join(lines).encode())


def _value_changed(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    key, colon, _ = lines[at].partition(":")
    lines[at] = f"{key}{colon} {chance.choice(HOSTILE)}"
    return Mutated("a value changed", "\n".join(lines).encode())


def _anchored(chance: random.Random, text: str) -> Mutated:
    lines, at = _lines(chance, text)
    key, colon, rest = lines[at].partition(":")
    inside = lines[at].lstrip().startswith("#")
    lines[at] = f"{key}{colon} &a{rest}"
    return Mutated("an anchor", "\n".join(lines).encode(), must_be_refused=not inside and "#" not in key)


def _bomb(chance: random.Random, text: str) -> Mutated:
    wide = chance.randint(2, 20)
    lines = ["b0: &b0 [x]"] + [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * wide)}]" for n in range(1, 30)]
    return Mutated("a bomb of aliases", ("\n".join(lines) + "\n" + text).encode(), must_be_refused=True)


def _deep(chance: random.Random, text: str) -> Mutated:
    depth = chance.choice((40, 1000, 50_000))
    opened = chance.choice(("[", "{a: ", "- "))
    return Mutated("deep", (text + "\ndeep: " + opened * depth).encode(), must_be_refused=True)


def _many(chance: random.Random, text: str) -> Mutated:
    number = chance.choice((100, 1000, 10_000))
    added = "".join(f"{chance.choice(('network', 'projekt', 'x'))}_{each}: {each}\n" for each in range(number))
    return Mutated("many keys", f"{text}\n{added}".encode(), must_be_refused=True)


def _large(chance: random.Random, text: str) -> Mutated:
    size = chance.choice((256 * 1024, 3_000_000))
    return Mutated("large", text.encode() + b"\n#" + b"x" * size, must_be_refused=True)


def _wrong_kind(chance: random.Random, text: str) -> Mutated:
    content = chance.choice(
        (f"- {text}".replace("\n", "\n  "), f"x: {{{text}", '{"a": 1', "<xml/>", "\x7fELF", "a = 1\n")
    )
    return Mutated("another kind of file", content.encode(), must_be_refused=True)


HANDS: tuple[Hand, ...] = (
    _bytes_changed, _bytes_added, _cut, _nothing_left, _encoded, _marked, _line_gone, _line_twice, _line_moved,
    _line_shifted, _line_added, _line_added, _key_changed, _key_changed, _value_changed, _value_changed, _value_changed,
    _value_changed, _anchored, _bomb, _deep, _many, _large, _wrong_kind,
)  # fmt: skip
