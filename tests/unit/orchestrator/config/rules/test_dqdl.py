"""Rules of Glue Data Quality are read as Glue reads them, and as the local AWS does."""

from __future__ import annotations

import pytest

from emulator.services.glue.data_quality.dqdl import DqdlError, parse
from orchestrator.config.problems import InvalidValue
from orchestrator.config.rules import dqdl

TAKEN = (
    "RowCount > 0",
    "RowCount between 1 and 10",
    'IsComplete "id"',
    'IsPrimaryKey "id" "rating"',
    'Completeness "rating" >= 0.75',
    'ColumnValues "label" in ["positive", "negative"]',
    'ColumnValues "rating" not between -4 and 4',
    'ColumnValues "rating" between -4 and 4 with threshold >= 0.75',
    'ColumnValues "id" matches "[0-9]+"',
    'ColumnValues "id" != 1000.5',
    'Uniqueness "id" > 0.9',
    "RowCount between 1 AND 10",
    '(RowCount = 4) AND (IsComplete "id")',
    'CustomSql "select count(*) from primary" between 0 and 10',
    r'ColumnValues "label" = "a \" b"',
    '(RowCount = 4) and (IsComplete "id")',
    '((RowCount = 4) and (IsComplete "id")) or (IsUnique "id")',
    '(IsComplete "id")',
)
ONLY_ON_AWS = (
    'ColumnValues "at" > now()',
    'ColumnValues "at" > (now() - 3 days)',
    'DataFreshness "at" <= 24 hours',
    'ColumnValues "label" != NULL',
    'IsComplete "id" where "rating > 0"',
    'ColumnValues "rating" > 0 where "id > 1" with threshold > 0.5',
    'ColumnValues "label" != null',
    'ColumnValues "label" in ["a", EMPTY, whitespaces_only]',
    'ColumnValues "at" between "2026-01-01" and (now() + 14 days)',
    'ColumnValues "at" in ["2026-01-01", NULL]',
    'IsUnique "id" "rating"',
    'Uniqueness "id" "rating" > 0.9',
    'Variance "rating" < 2',
    "FileSize <= 5 MB",
    "FileSize <= 5000 with threshold > 0.5",
    'FileFreshness > "9:30 PM" with timeZone = "Europe/Berlin"',
    'FileMatch "s3://a" "s3://b"',
    'IsComplete "id" labels = ["team"="data", "severity"="high"]',
    '((RowCount > 0) and (IsComplete "id")) labels=["team"="data"]',
)
"""Glue takes them; the local AWS says when it evaluates, or here, that it cannot."""
REFUSED = {
    "(]": "expected a rule type such as IsComplete or RowCount, found `]` at character 2",
    "": "found the end",
    "(": "found the end",
    "RowCount > ": "expected a number or a quoted text, found the end",
    "RowCount > banana": "expected a number or a quoted text, found `banana`",
    "RowCount between 1": "expected `and`",
    "RowCount in [1, 2": "expected `]`",
    "RowCount in []": "expected a number or a quoted text, found `]`",
    "RowCount not 3": "expected between, in or matches after `not`",
    "RowCount > 1,": "expected the end of the rule",
    'RowCount > 1, IsComplete "id"': "expected the end of the rule",
    "RowCount > 1]": "expected the end of the rule",
    'IsComplete "id': "unexpected `",
    "IsComplete 'id'": "unexpected `",
    'IsComplete "id" banana': "expected the end of the rule",
    'ColumnValues "a" > 1 with threshold': "expected a comparison after `with threshold`",
    'ColumnValues "a" matches 3': "expected a quoted pattern after `matches`",
    'IsComplete "id" and IsUnique "id"': "must have parentheses around each rule that `and` combines",
    '(RowCount > 1) and (RowCount > 2) or (IsComplete "id")': "mixes `and` and `or`",
    "(RowCount > 1": "expected `)`",
    'ColumnValues "id" != 1e3': "unexpected `1e3`",
    "RowCount BETWEEN 1 and 2": "expected",
    '(RowCount > 1) And (IsComplete "id")': "expected the end of the rule",
}
MISUSED = {
    'iscomplete "id"': "has `iscomplete`, which is not a rule type of Glue",
    'IsCompete "id"': "has `IsCompete`, which is not a rule type of Glue",
    "IsComplete": "has 0 quoted parameters for IsComplete, which requires 1",
    'IsComplete "id" "rating"': "has 2 quoted parameters for IsComplete, which requires 1",
    'RowCount "id" > 1': "has 1 quoted parameters for RowCount, which requires 0",
    "RowCount": "expected a comparison after RowCount",
    'Mean "rating"': "expected a comparison after Mean",
    'ColumnValues "at" > (now() - 3 parsecs)': "expected a duration such as `3 days`",
    'DataFreshness "at" <= 1 day': "has the unit `day`: Glue accepts days, hours, minutes",
    'DataFreshness "at" <= 3': "must compare DataFreshness with a duration",
    'DataFreshness "at" <= 1.5 hours': "a number with a unit must be whole",
    'ColumnValues "at" > now ()': "expected a number or a quoted text",
    'ColumnValues "a" > "b"': "must compare ColumnValues with a quoted text or a number or a date",
    'ColumnValues "a" in [1, "2"]': "must compare ColumnValues with a quoted text or a number or a date",
    'Completeness "a" > "b"': "must compare Completeness with a number",
    'Completeness "a" > 0.4 with threshold > 0.4': "has a threshold after Completeness; only these take one",
    'ColumnValues "a" > 1 with threshold > "b"': "has a threshold that is not a number",
    'ColumnValues "a" > 1 with threshold > 0.1 with threshold > 0.2': "has two thresholds",
    'ColumnValues "a" > 1 with threshold > 0.5 where "b > 1"': "expected the end of the rule",
    'IsComplete "a" > 0.5': "has a comparison after IsComplete, which takes none",
    'IsComplete "a" where ""': "has an empty condition after `where`",
    'FileMatch "a" "b" in ["c"]': "has a comparison after FileMatch, which takes none",
    'FileMatch "a"': "expected a comparison after FileMatch",
    'FileUniqueness "a"': "expected a comparison after FileUniqueness",
    "FileSize > 1 ZB": "expected the end of the rule",
    'SchemaMatch "a" > 0.5 where "b > 1"': "has `where` after SchemaMatch, which takes none",
    'AggregateMatch "sum(a)" > 0.8': "has 1 quoted parameters for AggregateMatch, which requires 2",
    'IsComplete "id" labels = ["team"]': "expected `=`",
    "(" * 60 + "RowCount > 1" + ")" * 60: "more than 50 nested parentheses",
}
"""Parsed by the local AWS without an error, which it reports only when it evaluates the rule."""


@pytest.mark.parametrize("rule", TAKEN)
def test_what_glue_takes_is_taken(rule: str) -> None:
    dqdl.check(rule)
    assert len(parse(f"Rules = [ {rule} ]")) == 1


@pytest.mark.parametrize("rule", ONLY_ON_AWS)
def test_what_only_aws_evaluates_is_taken(rule: str) -> None:
    dqdl.check(rule)


@pytest.mark.parametrize(("rule", "said"), REFUSED.items())
def test_what_glue_refuses_is_refused_here_and_in_the_local_aws(rule: str, said: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        dqdl.check(rule)
    assert said in str(refused.value)
    if ", IsComplete" in rule:
        return  # as an entry of the list it would be two rules, which the set would take
    with pytest.raises(DqdlError):
        parse(f"Rules = [ {rule} ]")


@pytest.mark.parametrize(("rule", "said"), MISUSED.items())
def test_a_text_that_is_not_a_rule_of_glue_is_rejected(rule: str, said: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        dqdl.check(rule)
    assert said in str(refused.value)


def test_a_wrong_name_is_answered_with_the_right_one() -> None:
    for wrong, right in (('iscomplete "id"', "IsComplete"), ('IsUniqe "id"', "IsUnique")):
        with pytest.raises(InvalidValue) as refused:
            dqdl.check(wrong)
        assert refused.value.suggestion == right
