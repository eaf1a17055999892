"""Parse DQDL: `Rules = [ IsComplete "id", ColumnValues "rating" between -4 and 4 with threshold > 0.9 ]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?:(?P<comment>\#[^\n]*)
      |(?P<string>"(?:[^"\\]|\\.)*")
      |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      |(?P<word>[A-Za-z_][\w.]*)
      |(?P<sign><=|>=|!=|[=<>\[\](),]))""",
    re.VERBOSE,
)
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class DqdlError(ValueError):
    """The ruleset is not DQDL; the message says where."""


@dataclass(frozen=True)
class Condition:
    """`operator` is a comparison, or one of between, in, matches; `negated` for `not`."""

    operator: str
    values: tuple[str | float, ...]
    negated: bool = False


@dataclass(frozen=True)
class Rule:
    type: str
    arguments: tuple[str, ...] = ()
    condition: Condition | None = None
    threshold: Condition | None = None
    text: str = ""
    parts: tuple[Rule, ...] = field(default=())
    """Of a composite rule; `type` is then `and` or `or`."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse(ruleset: str) -> list[Rule]:
    """Return the rules in order. Raise `DqdlError` if the ruleset is not valid."""
    return _Parser(ruleset).ruleset()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = list(_tokens(source))
        self._at = 0

    def ruleset(self) -> list[Rule]:
        self._expect("Rules")
        self._expect("=")
        self._expect("[")
        rules = [self._composite()]
        while self._take(","):
            rules.append(self._composite())
        self._expect("]")
        if self._peek():
            raise self._wrong("the end of the ruleset")
        return rules

    def _composite(self) -> Rule:
        start = self._at
        enclosed = [self._stands_in_parentheses()]
        first = self._single()
        parts = [first]
        word = None
        while (following := self._peek()) and following.text in ("and", "AND", "or", "OR"):
            if word and following.text.lower() != word:
                raise DqdlError(f"`and` and `or` need parentheses between them, at {following.start}")
            word = following.text.lower()
            self._at += 1
            enclosed.append(self._stands_in_parentheses())
            parts.append(self._single())
        if word and not all(enclosed):
            raise DqdlError(f"each rule that `{word}` combines needs its own parentheses")
        return Rule(word, text=self._text(start), parts=tuple(parts)) if word else first

    def _stands_in_parentheses(self) -> bool:
        token = self._peek()
        return token is not None and token.text == "("

    def _single(self) -> Rule:
        if self._take("("):
            inner = self._composite()
            self._expect(")")
            return inner
        start = self._at
        name = self._next("a rule", "word").text
        arguments = []
        while (token := self._peek()) and token.kind == "string":
            self._at += 1
            arguments.append(_unquoted(token.text))
        condition = self._condition()
        threshold = None
        if self._take("with"):
            self._expect("threshold")
            threshold = self._condition()
            if threshold is None:
                raise self._wrong("a comparison after `with threshold`")
        return Rule(name, tuple(arguments), condition, threshold, self._text(start))

    def _condition(self) -> Condition | None:
        token = self._peek()
        if token is None:
            return None
        if token.text in COMPARISONS:
            self._at += 1
            return Condition(token.text, (self._value(),))
        negated = self._take("not")
        if self._take("between"):
            low = self._value()
            if not (self._take("and") or self._take("AND")):
                raise self._wrong("`and`")
            return Condition("between", (low, self._value()), negated)
        if self._take("in"):
            self._expect("[")
            values = [self._value()]
            while self._take(","):
                values.append(self._value())
            self._expect("]")
            return Condition("in", tuple(values), negated)
        if self._take("matches"):
            pattern = self._value()
            if not isinstance(pattern, str):
                raise DqdlError(f"`matches` takes a quoted pattern, not {pattern:g}")
            return Condition("matches", (pattern,), negated)
        if negated:
            raise self._wrong("between, in or matches after `not`")
        return None

    def _value(self) -> str | float:
        token = self._peek()
        if token is None or token.kind not in ("string", "number"):
            raise self._wrong("a number or a quoted text")
        self._at += 1
        return float(token.text) if token.kind == "number" else _unquoted(token.text)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token and token.text == text and token.kind != "string":
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(f"`{text}`")

    def _next(self, what: str, kind: str) -> _Token:
        token = self._peek()
        if token is None or token.kind != kind:
            raise self._wrong(what)
        self._at += 1
        return token

    def _wrong(self, expected: str) -> DqdlError:
        token = self._peek()
        actual = f"`{token.text}` at {token.start}" if token else "the end"
        return DqdlError(f"expected {expected}, found {actual}")

    def _text(self, start: int) -> str:
        return self._source[self._tokens[start].start : self._tokens[self._at - 1].end]


def _tokens(source: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(source.rstrip()):
        match = TOKEN.match(source, at)
        if match is None:
            raise DqdlError(f"cannot read {source[at : at + 20].strip()!r} at {at}")
        kind = str(match.lastgroup)
        if kind != "comment":
            tokens.append(_Token(kind, match[kind], match.start(kind), match.end(kind)))
        at = match.end()
    return tokens


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
