"""Rules of Glue Data Quality (DQDL), read far enough to refuse what Glue would refuse.

Pure. Grammar and rule types are those of AWS's "Data Quality Definition Language (DQDL) reference"; dynamic rules and
analyzers are left out, which Glue takes in ETL jobs only. The local AWS evaluates with a reader of its own, which knows
fewer rule types; a table test holds both to the same verdicts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.config.problems import nearest

COLUMNS: dict[str, tuple[int, int | None]] = {
    "AggregateMatch": (1, 2), "ColumnCorrelation": (2, 2), "ColumnCount": (0, 0), "ColumnDataType": (1, 1),
    "ColumnExists": (1, 1), "ColumnLength": (1, 1), "ColumnNamesMatchPattern": (1, 1), "ColumnValues": (1, 1),
    "Completeness": (1, 1), "CustomSql": (1, 1), "DataFreshness": (1, 1), "DatasetMatch": (2, 3),
    "DetectAnomalies": (1, None), "DistinctValuesCount": (1, 1), "Entropy": (1, 1), "FileFreshness": (1, 1),
    "FileMatch": (0, 2), "FileSize": (0, 1), "FileUniqueness": (0, 1), "IsComplete": (1, 1),
    "IsPrimaryKey": (1, None), "IsUnique": (1, 1), "Mean": (1, 1), "ReferentialIntegrity": (2, 2),
    "RowCount": (0, 0), "RowCountMatch": (1, 1), "SchemaMatch": (1, 1), "StandardDeviation": (1, 1), "Sum": (1, 1),
    "UniqueValueRatio": (1, 1), "Uniqueness": (1, 1),
}  # fmt: skip
"""Rule types, each with the least and the most quoted parameters; None: any number."""
BARE = frozenset(
    {"IsComplete", "IsUnique", "IsPrimaryKey", "ColumnExists", "ColumnNamesMatchPattern", "DetectAnomalies"}
    | {"CustomSql", "FileMatch", "FileUniqueness", "FileFreshness"}
)
"""Rule types that may stand without a comparison; all others measure something."""
TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")
      |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      |(?P<word>[A-Za-z_][\w.]*)
      |(?P<sign><=|>=|!=|[=<>\[\](),+-]))""",
    re.VERBOSE,
)
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
KEYWORDS = ("NULL", "EMPTY", "WHITESPACES_ONLY")
UNITS = ("day", "days", "hour", "hours", "minute", "minutes")
LONGEST = 65_536
"""Characters of a whole ruleset (Glue's `DataQualityRulesetString`)."""
DEEPEST = 50
"""Parentheses in one another that are followed; nobody writes so many."""


class BadRule(ValueError):
    """A rule that Glue would refuse; the message says why, `suggestion` what was probably meant."""

    def __init__(self, rule: str, suggestion: str | None = None) -> None:
        super().__init__(rule)
        self.suggestion = suggestion


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


def check(rule: str) -> None:
    """Refuse what is not one rule, simple or composite.

    Raises:
        BadRule: with the place and what was expected there.
    """
    reader = _Reader(rule)
    reader.composite(0)
    reader.end()


class _Reader:
    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._at = 0

    def composite(self, depth: int) -> None:
        if depth > DEEPEST:
            raise BadRule(f"has more than {DEEPEST} parentheses in one another")
        enclosed, word = [self._part(depth)], None
        while (token := self._peek()) and token.kind == "word" and token.text.lower() in ("and", "or"):
            if word and token.text.lower() != word:
                raise BadRule(f"mixes `and` and `or` at character {token.start + 1}: put parentheses between them")
            word = token.text.lower()
            self._at += 1
            enclosed.append(self._part(depth))
        if word and not all(enclosed):
            raise BadRule(f"must have parentheses around each rule that `{word}` combines")

    def end(self) -> None:
        if self._peek():
            raise self._wrong("the end of the rule (one entry is one rule)")

    def _part(self, depth: int) -> bool:
        """One rule; tell whether it stands in parentheses."""
        if self._take("("):
            self.composite(depth + 1)
            self._expect(")")
            return True
        self._rule()
        return False

    def _rule(self) -> None:
        token = self._peek()
        if token is None or token.kind != "word":
            raise self._wrong("a rule type such as IsComplete or RowCount")
        if token.text not in COLUMNS:
            folded = {each.lower(): each for each in COLUMNS}
            guess = folded.get(token.text.lower()) or nearest(token.text, COLUMNS)
            raise BadRule(f"has `{token.text}`, which is no rule type of Glue", guess)
        self._at += 1
        given = 0
        while (following := self._peek()) and following.kind == "string":
            self._at += 1
            given += 1
        least, most = COLUMNS[token.text]
        if given < least or (most is not None and given > most):
            wanted = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
            raise BadRule(f"gives {token.text} {given} quoted parameters: it takes {wanted}")
        measured = self._condition()
        self._where()
        if self._take("with"):
            self._expect("threshold")
            if not self._condition():
                raise self._wrong("a comparison after `with threshold`")
            self._where()
        if not measured and token.text not in BARE:
            raise self._wrong(f"a comparison after {token.text}, such as `> 0`")

    def _where(self) -> None:
        if self._take("where"):
            self._text("a quoted condition after `where`")

    def _condition(self) -> bool:
        token = self._peek()
        if token is None:
            return False
        if token.text in COMPARISONS:
            self._at += 1
            self._value()
            return True
        negated = self._take("not")
        if self._take("between"):
            self._value()
            self._expect("and")
            self._value()
        elif self._take("in"):
            self._expect("[")
            self._value()
            while self._take(","):
                self._value()
            self._expect("]")
        elif self._take("matches"):
            self._text("a quoted pattern after `matches`")
        elif negated:
            raise self._wrong("between, in or matches after `not`")
        else:
            return False
        return True

    def _value(self) -> None:
        token = self._peek()
        if token is None or (token.kind == "sign" and token.text != "("):
            raise self._wrong("a number or a quoted text")
        if token.kind == "word":
            if token.text in KEYWORDS:
                self._at += 1
            elif token.text == "now":
                self._now()
            else:
                raise self._wrong("a number or a quoted text")
            return
        if self._take("("):
            self._now()
            if not (self._take("-") or self._take("+")):
                raise self._wrong("`-` or `+` after now()")
            self._duration()
            self._expect(")")
            return
        self._at += 1
        following = self._peek()
        if token.kind == "number" and following and following.text in UNITS:
            self._at += 1

    def _now(self) -> None:
        self._expect("now")
        self._expect("(")
        self._expect(")")

    def _duration(self) -> None:
        number, unit = self._peek(), None
        if number and number.kind == "number":
            self._at += 1
            unit = self._peek()
        if unit is None or unit.text not in UNITS:
            raise self._wrong("a duration such as `3 days`")
        self._at += 1

    def _text(self, what: str) -> None:
        token = self._peek()
        if token is None or token.kind != "string":
            raise self._wrong(what)
        self._at += 1

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token and token.text.lower() == text and token.kind != "string":
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(f"`{text}`")

    def _wrong(self, wanted: str) -> BadRule:
        token = self._peek()
        found = f"`{token.text[:20]}` at character {token.start + 1}" if token else "the end"
        return BadRule(f"is no rule of Glue Data Quality: expected {wanted}, found {found}")


def _tokens(source: str) -> list[_Token]:
    found, at, end = [], 0, len(source.rstrip())
    while at < end:
        match = TOKEN.match(source, at)
        if match is None:
            shown = source[at : at + 20].strip()
            raise BadRule(f"is no rule of Glue Data Quality: cannot read `{shown}` at character {at + 1}")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found
