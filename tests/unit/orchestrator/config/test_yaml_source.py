"""YAML as data: what it may hold, and what is refused with its line and key."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest

from orchestrator.config.yaml_source import Document, parse

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + each)}: &{chr(98 + each)} [{', '.join([f'*{chr(97 + each)}'] * 9)}]\n" for each in range(9)
)


def problems(text: str) -> list[str]:
    document = parse("f", text)
    assert not isinstance(document, Document), document.data
    return [str(each) for each in document]


def test_plain_words_are_what_yaml_1_2_says() -> None:
    text = """
        none: [~, null, '', ]
        switches: [true, False]
        numbers: [0, -12, +3, 0x1F, 0o17, 1.5, .5, 1e3, -2.]
        texts: [yes, on, 0b, 1_x, 1.2.3, "007", 12:30:45, nan, '2027-01-31', -, .]
        day: 2027-01-31
        block: |
          a
            b
        folded: "x\\u00e9\\ty"
        true text: {"<<": 1, 'null': 2}
    """
    document = parse("f", text)
    assert isinstance(document, Document)
    expected: dict[str, Any] = {
        "none": [None, None, ""],
        "switches": [True, False],
        "numbers": [0, -12, 3, 31, 15, 1.5, 0.5, 1000.0, -2.0],
        "texts": ["yes", "on", "0b", "1_x", "1.2.3", "007", "12:30:45", "nan", "2027-01-31", "-", "."],
        "day": dt.date(2027, 1, 31),
        "block": "a\n  b\n",
        "folded": "xé\ty",
        "true text": {"<<": 1, "null": 2},
    }
    assert document.data == expected
    assert [type(each) for each in document.data["numbers"]] == [int] * 5 + [float] * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f:1: is empty: it must have keys"),
        ("# words\n---\n", "f:1: is empty: it must have keys"),
        ("text", "f:1: must be a mapping of keys to values (received 'text')"),
        ("- a\n- b", "f:1: must be a mapping of keys to values (received ['a', 'b'])"),
        ("a: 1\nb: {c: 2, a: 3, c: 4}", "f:2: b.c: is a duplicate key: it is already on line 2"),
        ("a:\n  1: x", "f:2: a: must be text, as a key: put it in quotes (received 1)"),
        ("a: 1\nnull: x", "f:2: must be text, as a key: put it in quotes (received None)"),
        ("a: 1\n? x\n: 1\n? [x]\n: 1", "f:4: is a list or mapping used as a key: a key must be text"),
        ("a: 1\n2027-01-31: x", "f:2: must be text, as a key: put it in quotes (received 2027-01-31)"),
        ("a: 1\nb: 2027-02-30", "f:2: b: is not a valid date; put a text in quotes (received '2027-02-30')"),
        ("a: 2027-01-31 10:00:00", "f:1: a: is a timestamp; write a date as 2027-01-31, or put a text in quotes "
            "(received '2027-01-31 10:00:00')"),
        ("a: [x, {b: 0777}]", "f:1: a[1].b: begins with 0, which some YAML parsers read as octal; remove the 0, "
            "or put a text in quotes (received '0777')"),
        *[
            (f"a: {word}", f"f:1: a: is a number for some YAML parsers only; write plain digits, "
                f"or put a text in quotes (received '{word}')")
            for word in ("1_000", "-1_0.5", "1.5_0", "0b11", "+0o17", "0o1_7", "-0x1F", "0x1_F")
        ],
        ("a: .nan", "f:1: a: is not a finite number; put a text in quotes (received '.nan')"),
        ("a: -.INF", "f:1: a: is not a finite number; put a text in quotes (received '-.INF')"),
        ("a: 1e999", "f:1: a: is too large a number, or has too many digits; put a text in "
            "quotes (received '1e999')"),
        ("a: " + "9" * 5000, "f:1: a: is too large a number; put a text of digits in quotes "
            f"(received '{'9' * 80}'… (5000 characters))"),
        ("a: 0x" + "f" * 20, "f:1: a: is too large a number; put a text of digits in quotes "
            f"(received '0x{'f' * 20}')"),
        ('a: "x\\0"', "f:1: a: contains the character U+0000, which is not allowed: remove it (received 'x\\x00')"),
        ("a: 1\nb: *x", "f:2: b: `*x` is an alias, which is not supported: write the value out"),
        ("a: 1\nb: &x 1", "f:2: b: `&x` is an anchor, which is not supported: write the value out"),
        ("a: &x [*x]", "f:1: a: `&x` is an anchor, which is not supported: write the value out"),
        ("a: {}\nb:\n  <<: {c: 1}", "f:3: b: `<<` merges another mapping, which is not supported: "
            "write its keys out"),
        ("a: <<", "f:1: a: has a special meaning in some YAML parsers; put a text in quotes (received '<<')"),
        ("a: !!binary aGk=", "f:1: a: `!!binary` is a tag, which is not supported: remove it, and put a text in "
            "quotes"),
        ("a: !!python/object:os.system x", "f:1: a: `!!python/object:os.system` is a tag, which is not supported: "
            "remove it, and put a text in quotes"),
        ("a: 1\n---\nb: 1", "f:2: begins a second document (`---`): a file must hold one"),
        ("%YAML 1.1\n---\na: 1", "f:1: has a directive (`%`), which is not supported: remove it"),
        ("a:\n\tb: 1", "f:2: is not valid YAML: while scanning for the next token found character that cannot start "
            "any token (a tab: YAML is indented with spaces)"),
        ("a: 1\nb: [\n", "f:2: is not valid YAML: while parsing a flow node did not find expected node content"),
        ('a: "\\ud800"', "f:1: is not valid YAML: while parsing a quoted scalar found invalid Unicode character "
            "escape code"),
        ("[" * 200_000, f"f:1: {'[0]' * 26}[0… (96 characters): nests deeper than 32 levels"),
        ("a:\n" + "- x\n" * 30_000, "f:19999: a[19997]: exceeds the limit of 20000 values per file"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_as_it_stands_is_refused_at_its_place(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_problems_of_values_come_together() -> None:
    lines = [each.split(":")[1] for each in problems("a: .nan\n1: x\nb: [010, 2027-02-30]\n")]
    assert lines == ["1", "2", "3", "3"]


def test_a_bomb_of_aliases_costs_nothing() -> None:
    started = time.process_time()
    assert problems(BOMB) == ["f:1: a: `&a` is an anchor, which is not supported: write the value out"]
    assert time.process_time() - started < 1


def test_a_deep_file_within_bounds_is_read() -> None:
    document = parse("f", "a: " + "[" * 31 + "]" * 31)
    assert isinstance(document, Document)
