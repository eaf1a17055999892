"""Data quality rules that follow from a contract."""

from __future__ import annotations

from orchestrator.blueprints.dataset_rules import rules
from tests.fakes.trained import environment


def test_each_part_of_the_contract_that_glue_can_check_is_a_rule() -> None:
    columns = [
        {"name": "id", "type": "bigint"},
        {"name": "rate", "type": "double", "minimum": 0, "maximum": 0.5, "required": False},
        {"name": "word", "type": "string", "min_length": 1, "max_length": 9, "values": ['say "a"', "b"]},
    ]
    dataset = environment(
        {"columns": columns, "roles": {"id": "id", "label": "rate"}}, {"task": "regression"}
    ).datasets[0]
    assert rules(dataset) == [
        "RowCount > 0",
        'IsPrimaryKey "id"',
        'IsComplete "id"',
        'ColumnValues "rate" >= 0',
        'ColumnValues "rate" <= 0.5',
        'IsComplete "word"',
        'ColumnValues "word" in ["say \\"a\\"", "b"]',
        'ColumnLength "word" >= 1',
        'ColumnLength "word" <= 9',
    ]
