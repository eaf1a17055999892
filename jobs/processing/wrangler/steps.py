"""What the transformations of a flow do to a table. Pure: a table and a node in, another table out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from wrangler import flow
from wrangler.flow import Node

KINDS = {"long": "Int64", "float": "Float64", "string": "string", "bool": "boolean"}
"""Data Wrangler's names of types; dates are not among the known ones."""
TRUE_AND_FALSE = {"true": True, "false": False}
NUMBERS = ("long", "float")


def apply(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table after this step."""
    return STEPS[(node.operator, node.choice)](node, table).reset_index(drop=True)


def _columns(node: Node, table: pd.DataFrame, *path: str) -> list[str]:
    """Return the columns that a parameter names, one or several, all of which must exist."""
    named = node.parameter(*path)
    columns = [str(each) for each in (named if isinstance(named, list) else [named])]
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise node.error(f"there is no column {', '.join(missing)}; there are {', '.join(map(str, table.columns))}")
    return columns


def _new_name(node: Node, table: pd.DataFrame, name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise node.error("new_name must be a name")
    if name in table.columns:
        raise node.error(f"there is a column {name} already")
    return name


def _cast(node: Node, column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Cast a column; values that cannot be cast become missing."""
    if kind not in KINDS:
        raise node.error(f"type {kind} is not known; known are {', '.join(KINDS)}")
    if kind in NUMBERS:
        numbers = pd.to_numeric(column, errors="coerce").astype("Float64")
        if kind == "long":  # as Spark: the part behind the point is cut off
            numbers = numbers.map(lambda number: number if pd.isna(number) else float(int(number)))
        return numbers.astype(KINDS[kind])
    if kind == "bool":
        return column.astype("string").str.lower().map(TRUE_AND_FALSE).astype("boolean")
    return column.astype("string")


def _infer_and_cast(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    schema = node.trained.get("schema")
    if not isinstance(schema, dict):
        raise node.error("trained_parameters.schema is missing: types are taken from the flow and not inferred again")
    unknown = [name for name in schema if name not in table.columns]
    if unknown:
        raise node.error(f"there is no column {', '.join(unknown)}; there are {', '.join(map(str, table.columns))}")
    return table.assign(**{name: _cast(node, table[name], kind) for name, kind in schema.items()})


def _cast_one(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    [name] = _columns(node, table, "column")
    method = node.parameters.get("non_castable_data_handling_method") or "replace_null"
    cast = _cast(node, table[name], node.parameter("data_type"))
    lost = cast.isna() & table[name].notna()
    if method == "drop":
        return table.assign(**{name: cast})[~lost]
    if method == "replace_value":
        [fill] = _cast(node, pd.Series([str(node.parameter("replace_value"))]), node.parameter("data_type"))
        return table.assign(**{name: cast.mask(lost, fill)})
    if method != "replace_null":
        raise node.error(f"{method} is not known for what cannot be cast; known are replace_null, replace_value, drop")
    return table.assign(**{name: cast})


def _drop_column(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=_columns(node, table, "drop_column_parameters", "column_to_drop"))


def _rename_column(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    parameters = node.parameter("rename_column_parameters")
    pairs = list(parameters.get("columns_to_rename") or [])
    if parameters.get("input_column") or not pairs:
        pairs.append(parameters)
    for pair in pairs:
        if pair.get("input_column") not in table.columns:
            raise node.error(f"there is no column {pair.get('input_column')}")
        table = table.rename(columns={pair["input_column"]: _new_name(node, table, pair.get("new_name"))})
    return table


def _duplicate_column(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    [name] = _columns(node, table, "duplicate_column_parameters", "input_column")
    new = _new_name(node, table, node.parameter("duplicate_column_parameters", "new_name"))
    return table.assign(**{new: table[name]})


def _drop_missing(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    """Drop rows without a value in the named columns, or in any. Older flows put the columns one level deeper."""
    parameters = node.parameters.get("drop_missing_parameters") or {}
    parameters = parameters.get("drop_rows_parameters") or parameters
    named = parameters.get("input_column") or list(table.columns)
    columns = named if isinstance(named, list) else [named]
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise node.error(f"there is no column {', '.join(missing)}")
    return table.dropna(subset=columns)


def _fill_missing(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    filled = {}
    for name in _columns(node, table, "fill_missing_parameters", "input_column"):
        value = node.parameter("fill_missing_parameters", "fill_value")
        try:
            filled[name] = table[name].fillna(pd.Series([str(value)]).astype(table[name].dtype)[0])
        except (TypeError, ValueError) as error:
            raise node.error(f"{value!r} is not a value for column {name} of type {table[name].dtype}") from error
    return table.assign(**filled)


def _outliers(node: Node, table: pd.DataFrame) -> pd.DataFrame:
    key = "min_max_numeric_outliers_parameters"
    [name] = _columns(node, table, key, "input_column")
    if not pd.api.types.is_numeric_dtype(table[name]):
        raise node.error(f"column {name} is of type {table[name].dtype}; cast it to a number first")
    lower, upper = (float(node.parameter(key, f"{side}_threshold")) for side in ("lower", "upper"))
    beyond = ((table[name] < lower) | (table[name] > upper)).fillna(value=False).astype(bool)
    method = node.parameter(key, "fix_method")
    if method == "Remove":
        return table[~beyond]
    if method == "Clip":
        return table.assign(**{name: table[name].clip(lower, upper)})
    if method == "Invalidate":
        return table.assign(**{name: table[name].mask(beyond)})
    raise node.error(f"fix_method {method} is not known; known are Remove, Clip, Invalidate")


STEPS: dict[tuple[str, str], Callable[[Node, pd.DataFrame], pd.DataFrame]] = {
    (flow.INFER_AND_CAST, ""): _infer_and_cast,
    (flow.CAST, ""): _cast_one,
    (flow.MANAGE_COLUMNS, "Drop column"): _drop_column,
    (flow.MANAGE_COLUMNS, "Rename column"): _rename_column,
    (flow.MANAGE_COLUMNS, "Duplicate column"): _duplicate_column,
    (flow.HANDLE_MISSING, "Drop missing"): _drop_missing,
    (flow.HANDLE_MISSING, "Fill missing"): _fill_missing,
    (flow.HANDLE_OUTLIERS, "Min-max numeric outliers"): _outliers,
}
