"""Data quality rules that follow from a contract."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from emulator.services.glue.data_quality import dqdl
from emulator.services.glue.data_quality import rules as engine
from orchestrator.blueprints.dataset_rules import rules
from orchestrator.config.model.dataset import Dataset
from tests.fakes.trained import environment

REPO = Path(__file__).resolve().parents[4]


def test_each_part_of_the_contract_that_glue_can_check_is_a_rule() -> None:
    columns = [
        {"name": "id", "type": "bigint"},
        {"name": "rate", "type": "double", "minimum": 0, "maximum": 0.5},
        {"name": "order", "type": "double", "minimum": -1, "maximum": 2.5, "required": False},
        {"name": "note", "type": "string", "values": ["it's", 'a "b"'], "required": False},
        {"name": "code", "type": "string", "min_length": 2, "max_length": 3, "required": False},
        {"name": "word", "type": "string", "min_length": 1, "max_length": 9, "values": ['say "a"', "b"]},
    ]
    dataset = environment(
        {"columns": columns, "roles": {"id": "id", "label": "rate"}}, {"task": "regression"}
    ).datasets[0]
    assert rules(dataset) == [
        "RowCount > 0",
        'IsPrimaryKey "id"',
        'IsComplete "id"',
        'IsComplete "rate"',
        'ColumnValues "rate" >= 0',
        'ColumnValues "rate" <= 0.5',
        'CustomSql "select count(*) from primary where primary.order < -1" = 0',
        'CustomSql "select count(*) from primary where primary.order > 2.5" = 0',
        "CustomSql \"select count(*) from primary where primary.note not in ('it''s', 'a \\\"b\\\"')\" = 0",
        'CustomSql "select count(*) from primary where length(primary.code) < 2" = 0',
        'CustomSql "select count(*) from primary where length(primary.code) > 3" = 0',
        'IsComplete "word"',
        'ColumnValues "word" in ["say \\"a\\"", "b"]',
        'ColumnLength "word" >= 1',
        'ColumnLength "word" <= 9',
    ]


def test_rows_without_an_id_have_a_generated_one_and_folders_are_columns() -> None:
    change = {"partitions": ["site"], "roles": {"group": "sex", "label": "progression"}}
    made = rules(environment(change).datasets[0])
    assert made[:2] == ["RowCount > 0", 'IsPrimaryKey "row_id"']
    # A column with a role is never empty.
    assert 'IsComplete "sex"' in made
    assert made[-1] == 'IsComplete "site"'


def test_the_rules_of_the_sample_are_those_that_were_written_by_hand() -> None:
    document = json.loads((REPO / "jobs/datasets/reviews/spec.json").read_text(encoding="utf-8"))
    reviews = Dataset.model_validate(document)
    text = (REPO / "terraform/modules/glue/quality/reviews.dqdl").read_text(encoding="utf-8")
    by_hand = {line for line in text.splitlines() if line and not line.startswith("#")}
    generated = {line.replace(">= 1", "> 0") if "Length" in line else line for line in rules(reviews)}
    # Of columns with a role or a rule by hand nothing is lost; the generated ones say more.
    assert by_hand - {*generated, *reviews.quality} == set()
    assert generated - by_hand == {'IsComplete "review_id"', 'IsComplete "label"', 'IsComplete "source"'}


def test_glue_accepts_them_and_they_hold_where_values_are_missing() -> None:
    columns = [
        {"name": "id", "type": "bigint"},
        {"name": "order", "type": "double", "minimum": 0, "required": False},
        {"name": "note", "type": "string", "values": ["a", "it's"], "min_length": 1, "required": False},
        {"name": "y", "type": "double"},
    ]
    dataset = environment({"columns": columns, "roles": {"id": "id", "label": "y"}}).datasets[0]
    parsed = dqdl.parse(f"Rules = [{', '.join(rules(dataset))}]")
    connection = duckdb.connect()
    connection.execute('CREATE TABLE "primary" (id BIGINT, "order" DOUBLE, note VARCHAR, y DOUBLE)')
    connection.execute("""INSERT INTO "primary" VALUES (1, 5, 'a', 1), (2, NULL, 'it''s', 2), (3, 0, NULL, 3)""")
    assert [engine.evaluate(connection, rule).result for rule in parsed] == ["PASS"] * len(parsed)
    connection.execute("""INSERT INTO "primary" VALUES (4, -1, 'b', 4)""")
    results = {rule.text: engine.evaluate(connection, rule).result for rule in parsed}
    assert sorted(text for text, result in results.items() if result != "PASS") == [
        "CustomSql \"select count(*) from primary where primary.note not in ('a', 'it''s')\" = 0",
        'CustomSql "select count(*) from primary where primary.order < 0" = 0',
    ]
