"""Every rule type passes on data that meets it, fails on data that does not, and never passes unmeasured."""

from __future__ import annotations

import duckdb
import pytest

from emulator.services.glue.data_quality import rules
from emulator.services.glue.data_quality.dqdl import DqdlError, parse

CASES = [
    ("RowCount = 4", "RowCount between 0 and 4"),
    ("ColumnCount > 2", "ColumnCount = 1"),
    ('ColumnExists "ID"', 'ColumnExists "nothing"'),
    ('IsComplete "id"', 'IsComplete "rating"'),
    ('Completeness "rating" >= 0.75', 'Completeness "rating" > 0.75'),
    ('IsUnique "id"', 'IsUnique "label"'),
    ('Uniqueness "label" = 0.25', 'Uniqueness "label" > 0.5'),
    ('UniqueValueRatio "label" = 0.5', 'UniqueValueRatio "label" > 0.5'),
    ('DistinctValuesCount "label" = 2', 'DistinctValuesCount "label" in [3, 4]'),
    ('Mean "rating" between -1 and 1', 'Mean "rating" > 0'),
    ('Sum "rating" < 0', 'Sum "rating" not between -1 and 0'),
    ('StandardDeviation "rating" < 3', 'StandardDeviation "rating" > 3'),
    ('Entropy "label" < 1', 'Entropy "label" > 1'),
    ('ColumnValues "label" in ["positive", "negative"]', 'ColumnValues "label" = "positive"'),
    ('ColumnValues "rating" between -4 and 4 with threshold >= 0.75', 'ColumnValues "rating" between -4 and 4'),
    ('ColumnValues "id" matches "[0-9]+"', 'ColumnValues "id" matches "[0-3]+"'),
    ('ColumnValues "label" not in ["mixed"]', 'ColumnValues "label" not in ["negative"]'),
    ('ColumnLength "label" = 8', 'ColumnLength "label" < 8'),
    ('IsPrimaryKey "id"', 'IsPrimaryKey "id" "rating"'),
    ('CustomSql "select count(*) from primary where rating > 0" = 2', 'CustomSql "select count(*) from primary" = 0'),
    ('(RowCount = 4) and (IsComplete "id")', '(RowCount = 4) and (IsComplete "rating")'),
    ('(RowCount = 9) or (IsComplete "id")', '(RowCount = 9) or (IsComplete "rating")'),
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute(
        "CREATE TABLE primary_rows (id VARCHAR, rating DOUBLE, label VARCHAR); "
        "INSERT INTO primary_rows VALUES ('1', 1.0, 'positive'), ('2', NULL, 'positive'), "
        "('3', 2.0, 'positive'), ('4', -3.5, 'negative'); "
        'CREATE VIEW "primary" AS SELECT * FROM primary_rows'
    )
    return made


def judged(connection: duckdb.DuckDBPyConnection, rule: str) -> rules.Verdict:
    [parsed] = parse(f"Rules = [ {rule} ]")
    return rules.evaluate(connection, parsed)


@pytest.mark.parametrize(("met", "unmet"), CASES)
def test_a_rule_passes_if_met_and_fails_otherwise(connection: duckdb.DuckDBPyConnection, met: str, unmet: str) -> None:
    assert judged(connection, met).result == "PASS", judged(connection, met)
    assert judged(connection, unmet).result == "FAIL", judged(connection, unmet)


def test_every_rule_type_has_a_case() -> None:
    text = " ".join(part for case in CASES for part in case)
    assert [name for name in rules.MEASURES if name not in text] == []


@pytest.mark.parametrize(
    "rule",
    [
        'Unknown "id"',
        'IsComplete "nothing"',
        "RowCount",
        'Mean "label" > 0',
        'CustomSql "select * from read_text(1)" = 0',
        '(RowCount = 4) or (Unknown "id")',
    ],
)
def test_a_rule_that_cannot_be_measured_is_an_error(connection: duckdb.DuckDBPyConnection, rule: str) -> None:
    verdict = judged(connection, rule)
    assert verdict.result == "ERROR"
    assert verdict.message


def test_an_empty_table_does_not_pass() -> None:
    empty = duckdb.connect()
    empty.execute('CREATE TABLE "primary" (id VARCHAR)')
    for rule in ('IsComplete "id"', 'ColumnValues "id" = "1"'):
        assert judged(empty, rule).result == "FAIL"


def test_rules_keep_their_text_and_comments_are_skipped() -> None:
    parsed = parse('Rules = [\n  # the key\n  IsPrimaryKey "id" , Mean "rating" not between -4 and -2.5 ]')
    assert [rule.text for rule in parsed] == ['IsPrimaryKey "id"', 'Mean "rating" not between -4 and -2.5']


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected `Rules`, found the end"),
        ("Rules = []", "expected a rule"),
        ("Rules = [ RowCount > ]", "expected a number or a quoted text, found `]`"),
        ("Rules = [ RowCount > 0 ] more", "expected the end"),
        ('Rules = [ IsComplete "a" ?? ]', "cannot read"),
        ("Rules = [ RowCount > 1 and RowCount > 2 or RowCount > 3 ]", "need parentheses"),
    ],
)
def test_invalid_dqdl_is_rejected_with_its_place(text: str, words: str) -> None:
    with pytest.raises(DqdlError, match=words.replace("[", r"\[").replace("?", r"\?")):
        parse(text)
