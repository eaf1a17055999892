"""Parse Athena statements.

`sqlglot` reads Athena's two dialects (Trino for queries, Hive for the rest) and writes DuckDB's. Statements that it
does not parse further (SHOW, UNLOAD, MSCK) are parsed here; unsupported ones are rejected by name.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from emulator.services.athena.errors import QueryFailed

# It logs a warning for each statement that it does not parse, which `_command` does.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

NAME = r'[`"]?([\w-]+)[`"]?(?:\.[`"]?([\w-]+)[`"]?)?'
SHOW = re.compile(r"SHOW\s+(TABLES|DATABASES|SCHEMAS|PARTITIONS)\b\s*(?:(?:IN|FROM)\s+)?(?:" + NAME + r")?", re.I)
UNLOAD = re.compile(r"UNLOAD\s*\((.*)\)\s*TO\s*'([^']+)'\s*(?:WITH\s*\((.*)\))?\s*$", re.I | re.S)
REPAIR = re.compile(r"MSCK\s+REPAIR\s+TABLE\s+" + NAME, re.I)
EXPLAIN = re.compile(r"EXPLAIN\s+(.*)$", re.I | re.S)
PROPERTY = re.compile(r"(\w+)\s*=\s*'([^']*)'")


@dataclass(frozen=True)
class Table:
    database: str
    name: str


@dataclass(frozen=True)
class Statement:
    """A parsed statement; `query` is its part that reads, `None` for statements about the catalogue."""

    kind: str
    """select, ctas, unload, explain, show-tables, show-databases, show-partitions, describe, drop, repair."""
    query: exp.Expr | None = None
    target: Table | None = None
    properties: dict[str, str] = field(default_factory=dict)
    if_exists: bool = False

    @property
    def type(self) -> str:
        """Return the `StatementType` of GetQueryExecution."""
        if self.kind in ("select", "unload"):
            return "DML"
        return "UTILITY" if self.kind in ("explain", "describe") or self.kind.startswith("show") else "DDL"


def parse(sql: str, database: str, parameters: list[str]) -> Statement:
    """Parse a statement. Raise `QueryFailed` if it is not valid SQL or not supported."""
    text = sql.strip().rstrip(";").strip()
    try:
        trees = sqlglot.parse(text, read="athena")
    except SqlglotError as error:
        raise QueryFailed(f"SYNTAX_ERROR: {str(error).splitlines()[0]}") from error
    if len(trees) != 1 or trees[0] is None:
        raise QueryFailed("Only one sql statement is allowed")
    tree = trees[0]
    if isinstance(tree, exp.Command):
        return _command(text, database, parameters)
    if isinstance(tree, exp.Query):
        return Statement("select", _bound(tree, parameters))
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.expression, exp.Query):
        return Statement("ctas", _bound(tree.expression, parameters), _table(tree.this, database), _properties(tree))
    if isinstance(tree, exp.Drop) and tree.kind == "TABLE":
        return Statement("drop", target=_table(tree, database), if_exists=bool(tree.args.get("exists")))
    if isinstance(tree, exp.Describe):
        return Statement("describe", target=_table(tree.this, database))
    raise _unsupported(text)


def _command(text: str, database: str, parameters: list[str]) -> Statement:
    if match := SHOW.match(text):
        return _show(match[1].upper(), match[2], match[3], database)
    if match := UNLOAD.match(text):
        inner = parse(match[1], database, parameters)
        properties = {key.lower(): value for key, value in PROPERTY.findall(match[3] or "")}
        return Statement("unload", inner.query, properties={**properties, "location": match[2]})
    if match := REPAIR.match(text):
        return Statement("repair", target=_named(match[1], match[2], database))
    if match := EXPLAIN.match(text):
        return Statement("explain", parse(match[1], database, parameters).query)
    raise _unsupported(text)


def _show(what: str, first: str | None, second: str | None, database: str) -> Statement:
    if what == "PARTITIONS" and first:
        return Statement("show-partitions", target=_named(first, second, database))
    if what == "TABLES":
        return Statement("show-tables", target=Table((first or database).lower(), ""))
    return Statement("show-databases")


def _unsupported(text: str) -> QueryFailed:
    words = " ".join(text.split()[:3])
    return QueryFailed(f"NOT_SUPPORTED: the local Athena does not support `{words} ...`; AWS may")


def _named(first: str, second: str | None, database: str) -> Table:
    return Table(first.lower(), second.lower()) if second else Table(database, first.lower())


def _table(node: exp.Expr, database: str) -> Table:
    table = node.find(exp.Table) if not isinstance(node, exp.Table) else node
    if table is None:
        raise QueryFailed("SYNTAX_ERROR: a table name is missing")
    return Table((table.db or database).lower(), table.name.lower())


def _properties(tree: exp.Create) -> dict[str, str]:
    """Return the properties of `WITH (external_location = '…', format = 'PARQUET')`; sqlglot has a class for some."""
    properties: dict[str, str] = {}
    node = tree.args.get("properties")
    for item in node.expressions if node else ():
        if isinstance(item, exp.FileFormatProperty):
            properties["format"] = item.this.name.upper()
        elif isinstance(item, exp.LocationProperty):
            properties["external_location"] = item.this.name
        elif isinstance(item, exp.PartitionedByProperty):
            properties["partitioned_by"] = ",".join(part.name.lower() for part in item.this.expressions)
        elif isinstance(item, exp.Property):
            properties[item.name.lower()] = item.args["value"].name
    return properties


def _bound(query: exp.Expr, parameters: list[str]) -> exp.Expr:
    """Replace each `?` by an execution parameter, which is a literal in Athena's spelling."""
    places = [node for node in query.walk() if isinstance(node, exp.Placeholder)]
    if len(places) != len(parameters):
        raise QueryFailed(
            f"SYNTAX_ERROR: Incorrect number of parameters: expected {len(places)} but found {len(parameters)}"
        )
    for place, value in zip(places, parameters, strict=True):
        try:
            literal = sqlglot.parse_one(value, read="trino")
        except SqlglotError as error:
            raise QueryFailed(f"SYNTAX_ERROR: {value!r} is not a literal") from error
        place.replace(literal)
    return query


def qualify(query: exp.Expr, database: str) -> list[Table]:
    """Set the database of every table in place, and return the tables. Names of WITH clauses do not count."""
    own = {cte.alias_or_name.lower() for cte in query.find_all(exp.CTE)}
    tables: dict[Table, None] = {}
    for node in query.find_all(exp.Table):
        if not node.name or (not node.db and node.name.lower() in own):
            continue
        table = Table((node.db or database).lower(), node.name.lower())
        alias = node.alias or node.name
        node.set("catalog", None)
        node.set("db", exp.to_identifier(table.database, quoted=True))
        node.set("this", exp.to_identifier(table.name, quoted=True))
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(alias.lower(), quoted=True)))
        tables[table] = None
    return list(tables)


def partition_filter(query: exp.Expr, table: Table, keys: list[str]) -> dict[str, set[str]] | None:
    """Return the partition values that the query can read, by key; `None` if it may read all.

    Only `key = 'x'` and `key IN (…)` that every row must fulfil are used, and only if the table occurs once:
    this prunes less than Athena, never more.
    """
    uses = [node for node in query.find_all(exp.Table) if (node.db, node.name) == (table.database, table.name)]
    if len(uses) != 1:
        return None
    select = uses[0].find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    if where is None:
        return None
    joined = bool(select and select.args.get("joins"))
    allowed: dict[str, set[str]] = {}
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        column, values = _values(condition)
        if column is None or column.name.lower() not in keys:
            continue
        if (column.table and column.table.lower() != uses[0].alias.lower()) or (joined and not column.table):
            continue
        name = column.name.lower()
        allowed[name] = allowed[name] & values if name in allowed else values
    return allowed or None


def _values(condition: exp.Expr) -> tuple[exp.Column | None, set[str]]:
    if isinstance(condition, exp.EQ):
        column, literal = condition.this, condition.expression
        if isinstance(literal, exp.Column):
            column, literal = literal, column
        if isinstance(column, exp.Column) and isinstance(literal, exp.Literal):
            return column, {literal.name}
    listed = condition.expressions if isinstance(condition, exp.In) else []
    if listed and isinstance(condition.this, exp.Column) and all(isinstance(item, exp.Literal) for item in listed):
        return condition.this, {item.name for item in listed}
    return None, set()
