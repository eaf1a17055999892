"""Parse rules of Glue Data Quality (DQDL), to reject those that Glue would reject.

Pure. Grammar, rule types and their parameters are those of the parser that AWS publishes as the one that Glue uses
(https://github.com/awslabs/dqdl, `DataQualityDefinitionLanguage.g4` and `rules-config.json`, of May 2026) and of the
page https://docs.aws.amazon.com/glue/latest/dg/dqdl.html. Narrower than Glue on purpose: dynamic rules, arithmetic and
variables are rejected, parameters must be quoted, and `and` and `or` must not be mixed without parentheses (in Glue's
grammar `and` binds closer). The local AWS has a separate parser with fewer rule types; a table test compares the
verdicts of both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.config.problems import InvalidValue, nearest

COLUMNS: dict[str, tuple[int, int | None]] = {
    "AggregateMatch": (2, 2), "ColumnCorrelation": (2, 2), "ColumnCount": (0, 0), "ColumnDataType": (1, 1),
    "ColumnExists": (1, 1), "ColumnLength": (1, 1), "ColumnNamesMatchPattern": (1, 1), "ColumnValues": (1, 1),
    "Completeness": (1, 1), "CustomSql": (1, 1), "DataFreshness": (1, 1), "DatasetMatch": (2, 3),
    "DetectAnomalies": (1, None), "DistinctValuesCount": (1, 1), "Entropy": (1, 1), "FileFreshness": (0, 1),
    "FileMatch": (0, 2), "FileSize": (0, 1), "FileUniqueness": (0, 1), "IsComplete": (1, 1),
    "IsPrimaryKey": (1, None), "IsUnique": (1, None), "Mean": (1, 1), "ReferentialIntegrity": (2, 2),
    "RowCount": (0, 0), "RowCountMatch": (1, 1), "SchemaMatch": (1, 1), "StandardDeviation": (1, 1), "Sum": (1, 1),
    "UniqueValueRatio": (1, 1), "Uniqueness": (1, None), "Variance": (1, 1),
}  # fmt: skip
"""Rule types, each with the minimum and maximum number of quoted parameters; None: unlimited."""
NUMBER, TEXT, DATE, DURATION, SIZE = "a number", "a quoted text", "a date", "a duration", "a size"
MEASURES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("IsComplete", "IsUnique", "IsPrimaryKey", "ColumnExists", "ColumnNamesMatchPattern"), ()),
    "DetectAnomalies": (), "ColumnDataType": (TEXT,), "ColumnValues": (TEXT, NUMBER, DATE),
    "DataFreshness": (DURATION,), "FileFreshness": (DATE,), "FileMatch": (TEXT,), "FileSize": (SIZE, NUMBER),
}  # fmt: skip
"""Values that a rule type is compared with, if not numbers; empty: the rule type takes no comparison."""
THRESHOLDS = frozenset({"ColumnDataType", "ColumnValues", "CustomSql", "FileFreshness", "FileSize"})
"""Rule types that take `with threshold`."""
NO_WHERE = frozenset(
    {"AggregateMatch", "ColumnCount", "ColumnExists", "ColumnNamesMatchPattern", "CustomSql", "DatasetMatch"}
    | {"DetectAnomalies", "ReferentialIntegrity", "RowCountMatch", "SchemaMatch"}
    | {"FileFreshness", "FileMatch", "FileSize", "FileUniqueness"}
)
"""Rule types that take no `where`."""
TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")
      |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      |(?P<now>now\(\))
      |(?P<word>[A-Za-z_][\w.]*)
      |(?P<sign><=|>=|!=|[=<>\[\](),+-]))""",
    re.VERBOSE,
)
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
ORDERED = ("<", "<=", ">", ">=")
NULLS = ("NULL", "null")
KEYWORDS = ("EMPTY", "empty", "WHITESPACES_ONLY", "whitespaces_only")
JOINS = ("and", "AND", "or", "OR")
UNITS = ("days", "hours", "minutes")
SIZES = ("B", "KB", "MB", "GB", "TB")
MOMENT = re.compile(r'"(\d{4}-\d\d-\d\d|\d\d:\d\d|\d{1,2}:\d\d [AP]M)"')
"""Quoted texts that Glue reads as a date or a time of day."""
LONGEST = 65_536
"""Characters of a whole ruleset (Glue's `DataQualityRulesetString`)."""
DEEPEST = 50
"""Maximum depth of nested parentheses."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


def check(rule: str) -> None:
    """Reject a text that is not a single rule, simple or composite.

    Raises:
        InvalidValue: with the place and the expected text.
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
            raise InvalidValue(f"has more than {DEEPEST} nested parentheses")
        enclosed, word = [self._part(depth)], None
        while (token := self._peek()) and token.kind == "word" and token.text in JOINS:
            if word and token.text.lower() != word:
                raise InvalidValue(f"mixes `and` and `or` at character {token.start + 1}: put parentheses between them")
            word = token.text.lower()
            self._at += 1
            enclosed.append(self._part(depth))
        if word and not all(enclosed):
            raise InvalidValue(f"must have parentheses around each rule that `{word}` combines")

    def end(self) -> None:
        if self._peek():
            raise self._wrong("the end of the rule (one entry is one rule)")

    def _part(self, depth: int) -> bool:
        """Parse one rule; return whether it is in parentheses."""
        if self._take("("):
            self.composite(depth + 1)
            self._expect(")")
            self._labels()
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
            raise InvalidValue(f"has `{token.text}`, which is not a rule type of Glue", guess)
        self._at += 1
        count = 0
        while (following := self._peek()) and following.kind == "string":
            self._at += 1
            count += 1
        self._check_count(token.text, count)
        measured = self._condition()
        self._check_measure(token.text, count, measured)
        self._where(token.text)
        self._labels()
        tags = []
        while self._take("with"):
            tags.append(self._tag(token.text))
        if tags.count("threshold") > 1:
            raise InvalidValue("has two thresholds")

    def _check_count(self, kind: str, count: int) -> None:
        least, most = COLUMNS[kind]
        if count < least or (most is not None and count > most):
            required = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
            raise InvalidValue(f"has {count} quoted parameters for {kind}, which requires {required}")

    def _check_measure(self, kind: str, count: int, measured: frozenset[str] | None) -> None:
        required = MEASURES.get(kind, (NUMBER,))
        if kind == "FileMatch" and count == 2:  # two files are equal or not, one is compared with checksums
            required = ()
        if measured is None:
            if required and kind != "CustomSql":  # whose query may return a boolean
                raise self._wrong(f"a comparison after {kind}, such as `> 0`")
        elif not required:
            raise InvalidValue(f"has a comparison after {kind}, which takes none")
        elif not measured & set(required):
            raise InvalidValue(f"must compare {kind} with {' or '.join(required)}")

    def _where(self, kind: str) -> None:
        if self._take("where"):
            if kind in NO_WHERE:
                raise InvalidValue(f"has `where` after {kind}, which takes none")
            self._text("a quoted condition after `where`")
            if self._tokens[self._at - 1].text == '""':
                raise InvalidValue("has an empty condition after `where`")

    def _labels(self) -> None:
        if not self._take("labels"):
            return
        self._expect("=")
        self._expect("[")
        while True:
            self._text('a label such as `"team"="data"`')
            self._expect("=")
            self._text("the value of the label, quoted")
            if not self._take(","):
                break
        self._expect("]")

    def _tag(self, kind: str) -> str:
        token = self._peek()
        if kind.startswith("File") and token and token.text in ("timeZone", "hashAlgorithm"):
            self._at += 1
            self._expect("=")
            self._text(f"a quoted text after `{token.text} =`")
            return token.text
        self._expect("threshold")
        if kind not in THRESHOLDS:
            raise InvalidValue(f"has a threshold after {kind}; only these take one: {', '.join(sorted(THRESHOLDS))}")
        measured = self._condition()
        if measured is None:
            raise self._wrong("a comparison after `with threshold`")
        if NUMBER not in measured:
            raise InvalidValue("has a threshold that is not a number")
        return "threshold"

    def _condition(self) -> frozenset[str] | None:
        """Parse a comparison; return the kinds of values that Glue may read in it, None if there is no comparison."""
        token = self._peek()
        if token is None:
            return None
        if token.text in COMPARISONS:
            self._at += 1
            kinds = self._value()
            return kinds - {TEXT} if token.text in ORDERED else kinds
        negated = self._take("not")
        if self._take("between"):
            low = self._value()
            if not (self._take("and") or self._take("AND")):
                raise self._wrong("`and`")
            return low & self._value() - {TEXT}
        if self._take("in"):
            self._expect("[")
            kinds = self._value()
            while self._take(","):
                kinds &= self._value()
            self._expect("]")
            return kinds
        if self._take("matches"):
            self._text("a quoted pattern after `matches`")
            return frozenset({TEXT})
        if negated:
            raise self._wrong("between, in or matches after `not`")
        return None

    def _value(self) -> frozenset[str]:
        """Parse a value; return the kinds that Glue may read it as."""
        token = self._peek()
        if token is None or (token.kind == "sign" and token.text != "("):
            raise self._wrong("a number or a quoted text")
        if self._take("("):
            self._expect("now()")
            if not (self._take("-") or self._take("+")):
                raise self._wrong("`-` or `+` after now()")
            if self._quantity() != {DURATION}:
                raise self._wrong("a duration such as `3 days`")
            self._expect(")")
            return frozenset({DATE})
        if token.kind == "number":
            return self._quantity()
        if token.kind == "word" and token.text not in (*NULLS, *KEYWORDS):
            raise self._wrong("a number or a quoted text")
        self._at += 1
        if token.text in NULLS:
            return frozenset({NUMBER, TEXT, DATE})
        if token.kind == "now" or MOMENT.fullmatch(token.text):
            return frozenset({DATE})
        return frozenset({TEXT})

    def _quantity(self) -> frozenset[str]:
        number = self._peek()
        if number is None or number.kind != "number":
            raise self._wrong("a duration such as `3 days`")
        self._at += 1
        unit = self._peek()
        if unit and f"{unit.text}s" in UNITS:
            raise InvalidValue(f"has the unit `{unit.text}`: Glue accepts {', '.join(UNITS)}, also after 1")
        if unit is None or unit.text not in (*UNITS, *SIZES):
            return frozenset({NUMBER})
        if not number.text.isdecimal():
            raise InvalidValue(f"has `{number.text} {unit.text}`: a number with a unit must be whole")
        self._at += 1
        return frozenset({DURATION if unit.text in UNITS else SIZE})

    def _text(self, what: str) -> None:
        token = self._peek()
        if token is None or token.kind != "string":
            raise self._wrong(what)
        self._at += 1

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

    def _wrong(self, expected: str) -> InvalidValue:
        token = self._peek()
        actual = f"`{token.text[:20]}` at character {token.start + 1}" if token else "the end"
        return InvalidValue(f"is not a rule of Glue Data Quality: expected {expected}, found {actual}")


def _tokens(source: str) -> list[_Token]:
    tokens, at, end = [], 0, len(source.rstrip())
    while at < end:
        match = TOKEN.match(source, at)
        if match is None:
            shown = source[at : at + 20].strip()
            raise InvalidValue(f"is not a rule of Glue Data Quality: unexpected `{shown}` at character {at + 1}")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return tokens
