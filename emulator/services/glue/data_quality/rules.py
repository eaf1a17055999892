"""Evaluate rules: measure each with SQL over the table `primary` and compare the result with its condition."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from emulator.services.athena.tables import quoted, text
from emulator.services.glue.data_quality.dqdl import Condition, Rule

PRIMARY = '"primary"'


@dataclass(frozen=True)
class Verdict:
    """`result` is PASS, FAIL or ERROR."""

    rule: Rule
    result: str
    message: str = ""
    metrics: dict[str, float] = field(default_factory=dict)


class Unsupported(ValueError):
    """A rule that cannot be evaluated; the message says why."""


def evaluate(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    """Evaluate one rule on the view or table `primary` of this connection."""
    try:
        if rule.parts:
            return _composite(connection, rule)
        measure = MEASURES.get(rule.type)
        if measure is None:
            raise Unsupported(f"rule type {rule.type} is not emulated")
        return measure(connection, rule)
    except (Unsupported, duckdb.Error) as error:
        return Verdict(rule, "ERROR", str(error).splitlines()[0])


def _composite(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    verdicts = [evaluate(connection, part) for part in rule.parts]
    metrics = {name: value for verdict in verdicts for name, value in verdict.metrics.items()}
    results = [verdict.result for verdict in verdicts]
    message = "; ".join(verdict.message for verdict in verdicts if verdict.message)
    if "ERROR" in results:
        return Verdict(rule, "ERROR", message, metrics)
    passed = all(r == "PASS" for r in results) if rule.type == "and" else "PASS" in results
    return Verdict(rule, "PASS" if passed else "FAIL", "" if passed else message, metrics)


def _scalar(connection: duckdb.DuckDBPyConnection, expression: str, where: str = "") -> float | None:
    row = connection.execute(f"SELECT {expression} FROM {PRIMARY} {where}").fetchone()
    return None if row is None or row[0] is None else float(row[0])


def _column(rule: Rule) -> str:
    if len(rule.arguments) != 1:
        raise Unsupported(f"{rule.type} takes one column, got {len(rule.arguments)}")
    return rule.arguments[0]


def _judge(rule: Rule, metric: str, value: float | None, default: Condition | None = None) -> Verdict:
    """Compare a measured number with the rule's condition."""
    condition = rule.condition or default
    if condition is None:
        raise Unsupported(f"{rule.type} needs a comparison")
    if value is None:
        return Verdict(rule, "FAIL", "there is no value to measure")
    metrics = {metric: value}
    if holds(condition, value):
        return Verdict(rule, "PASS", metrics=metrics)
    return Verdict(rule, "FAIL", f"Value: {value:g} does not meet the constraint requirement!", metrics)


def holds(condition: Condition, value: float) -> bool:
    """Return whether a number meets a condition."""
    if condition.operator == "matches" or not all(isinstance(item, float) for item in condition.values):
        raise Unsupported("a measured number is compared with numbers")
    numbers = [float(item) for item in condition.values]
    if condition.operator == "between":
        # AWS's `between` excludes both ends.
        met = numbers[0] < value < numbers[1]
    elif condition.operator == "in":
        met = value in numbers
    else:
        met = COMPARE[condition.operator](value, numbers[0])
    return met != condition.negated


COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _share(metric: str, expression: str, *, always: bool = False) -> Callable[..., Verdict]:
    """Make a rule that measures a share of the rows; with `always`, all must comply unless it gives a threshold."""

    def measure(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
        column = _column(rule)
        share = _scalar(connection, expression.format(c=quoted(column)))
        default = Condition("=", (1.0,)) if always else None
        return _judge(rule, f"Column.{column}.{metric}", share, default)

    return measure


def _number(metric: str, expression: str) -> Callable[..., Verdict]:
    def measure(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
        column = _column(rule)
        return _judge(rule, f"Column.{column}.{metric}", _scalar(connection, expression.format(c=quoted(column))))

    return measure


def _row_count(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    return _judge(rule, "Dataset.*.RowCount", _scalar(connection, "count(*)"))


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {PRIMARY}").fetchall()}


def _column_count(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    return _judge(rule, "Dataset.*.ColumnCount", float(len(_columns(connection))))


def _column_exists(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    column = _column(rule)
    exists = column.lower() in {name.lower() for name in _columns(connection)}
    return Verdict(rule, "PASS" if exists else "FAIL", "" if exists else f"Column {column} does not exist")


def _column_values(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    """Check that every value, or the share that the threshold gives, meets the condition. NULL never does."""
    column = _column(rule)
    if rule.condition is None:
        raise Unsupported("ColumnValues needs a condition")
    name = quoted(column)
    met = f"coalesce({_predicate(name, rule.condition)}, false)"
    return _compliance(connection, rule, column, met)


def _column_length(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    column = _column(rule)
    if rule.condition is None:
        raise Unsupported("ColumnLength needs a condition")
    return _compliance(
        connection, rule, column, f"coalesce({_predicate(f'length({quoted(column)})', rule.condition)}, false)"
    )


def _compliance(connection: duckdb.DuckDBPyConnection, rule: Rule, column: str, met: str) -> Verdict:
    share = _scalar(connection, f"avg(CASE WHEN {met} THEN 1.0 ELSE 0.0 END)")
    threshold = rule.threshold or Condition("=", (1.0,))
    metric = f"Column.{column}.{rule.type}.Compliance"
    if share is None:
        return Verdict(rule, "FAIL", "there is no value to measure")
    if holds(threshold, share):
        return Verdict(rule, "PASS", metrics={metric: share})
    return Verdict(rule, "FAIL", f"Value: {share:g} does not meet the constraint requirement!", {metric: share})


def _predicate(subject: str, condition: Condition) -> str:
    values = [_literal(value) for value in condition.values]
    if condition.operator == "between":
        sql = f"({subject} > {values[0]} AND {subject} < {values[1]})"
    elif condition.operator == "in":
        sql = f"({subject} IN ({', '.join(values)}))"
    elif condition.operator == "matches":
        sql = f"regexp_full_match({subject}, {values[0]})"
    else:
        sql = f"({subject} {condition.operator} {values[0]})"
    return f"(NOT {sql})" if condition.negated else sql


def _literal(value: str | float) -> str:
    return text(value) if isinstance(value, str) else repr(value)


def _primary_key(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    """Check that one column, or several together, are unique and never NULL."""
    if not rule.arguments:
        raise Unsupported("IsPrimaryKey needs a column")
    names = [quoted(column) for column in rule.arguments]
    nulls = " OR ".join(f"{name} IS NULL" for name in names)
    wrong = _scalar(connection, f"count(*) - count(DISTINCT ({', '.join(names)})) + count(*) FILTER ({nulls})")
    if not wrong:
        return Verdict(rule, "PASS")
    return Verdict(rule, "FAIL", f"{wrong:g} rows repeat a key or have none")


def _custom_sql(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Verdict:
    """Evaluate `CustomSql "select count(*) from primary where …" = 0`."""
    sql = re.sub(r"\bprimary\b", PRIMARY, _column(rule))
    row = connection.execute(sql).fetchone()
    return _judge(rule, "Dataset.*.CustomSQL", None if row is None or row[0] is None else float(row[0]))


_UNIQUE_ROWS = (
    "(SELECT count(*) FROM (SELECT 1 FROM " + PRIMARY + " WHERE {c} IS NOT NULL GROUP BY {c} HAVING count(*) = 1))"
)

MEASURES: dict[str, Callable[[duckdb.DuckDBPyConnection, Rule], Verdict]] = {
    "RowCount": _row_count,
    "ColumnCount": _column_count,
    "ColumnExists": _column_exists,
    "IsComplete": _share("Completeness", "count({c}) / nullif(count(*), 0)", always=True),
    "Completeness": _share("Completeness", "count({c}) / nullif(count(*), 0)"),
    "IsUnique": _share("Uniqueness", f"any_value({_UNIQUE_ROWS}) / nullif(count({{c}}), 0)", always=True),
    "Uniqueness": _share("Uniqueness", f"any_value({_UNIQUE_ROWS}) / nullif(count({{c}}), 0)"),
    "UniqueValueRatio": _share("UniqueValueRatio", f"any_value({_UNIQUE_ROWS}) / nullif(count(DISTINCT {{c}}), 0)"),
    "DistinctValuesCount": _number("DistinctValuesCount", "count(DISTINCT {c})"),
    "Mean": _number("Mean", "avg({c})"),
    "Sum": _number("Sum", "sum({c})"),
    "StandardDeviation": _number("StandardDeviation", "stddev_pop({c})"),
    "Entropy": _number("Entropy", "entropy({c}) * ln(2)"),
    "ColumnValues": _column_values,
    "ColumnLength": _column_length,
    "IsPrimaryKey": _primary_key,
    "CustomSql": _custom_sql,
}
