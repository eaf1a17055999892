"""Golden cases fit the model that answers them."""

from __future__ import annotations

import pytest

from orchestrator.config.loader import build
from orchestrator.config.model.golden import GoldenCase, for_probe
from tests.fakes.platforms import platform_file
from tests.unit.orchestrator.config.examples import BLUEPRINT, problems

BEDROCK = BLUEPRINT.replace("source: sagemaker", "source: bedrock").replace("group: reviews", "model_id: {model}")
NOVA, TITAN = "amazon.nova-lite-v1:0", "amazon.titan-embed-text-v2:0"
CASE = "    - input: good\n      label: positive\n"


def reported(case: str, text: str = BLUEPRINT, model: str = NOVA) -> list[str]:
    return problems(x1=text.replace(CASE, f"    - {case}\n").replace("{name}", "x1").replace("{model}", model))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("{input: true, label: x}", "smoke.golden[0].input: must be a text, a number, a list or an object of such"),
        ("{input: {born: 2020-01-31}, label: x}", "smoke.golden[0].input: must be a text, a number, a list or"),
        ("{input: [], label: x}", "and not empty"),
        ("{input: x}", "smoke.golden[0]: requires an expected answer: label, value, contains, schema, length or check"),
        ("{input: x, label: y, tolerance: 1}", "smoke.golden[0]: `tolerance` belongs to `value`"),
        ("{input: x, value: y}", "smoke.golden[0].value: input should be a valid number"),
        ("{input: x, value: 1, tolerance: -1}", "smoke.golden[0].tolerance: input should be greater than or equal"),
        ("{input: x, length: 0}", "smoke.golden[0].length: input should be greater than or equal to 1"),
        ("{input: x, check: ../x.py:f}", "smoke.golden[0].check: must match "),
        ("{input: x, check: /x.py:f}", "smoke.golden[0].check: must match "),
        ("{input: x, schema: {type: nothing}}", "smoke.golden[0].schema: is not a JSON Schema: 'nothing' is not"),
        (f"{{input: {'x' * 20_001}, label: x}}", "smoke.golden[0].input: must have at most 20000 characters"),
        (f"{{input: {{a: {'x' * 4_000}}}, label: x}}", "smoke.golden: must have at most 4000 characters as JSON"),
    ],
)
def test_a_case_that_proves_nothing_is_refused(case: str, expected: str) -> None:
    lines = reported(case)
    assert any(expected in line for line in lines), lines


@pytest.mark.parametrize(
    ("model", "case", "expected"),
    [
        (
            NOVA,
            "{input: x, label: y}",
            "label: is not in the answer of a model that makes texts; available: ",
        ),
        (NOVA, "{input: {a: 1}, contains: y}", "input: must be a text: this model takes texts (received {'a': 1})"),
        (
            TITAN,
            "{input: x, contains: y}",
            "contains: is not in the answer of a model that makes embeddings; avail",
        ),
        (TITAN, "{input: 7, length: 1024}", "input: must be a text: this model takes texts (received 7)"),
    ],
)
def test_a_case_fits_what_the_model_takes_and_makes(model: str, case: str, expected: str) -> None:
    lines = reported(case, BEDROCK, model)
    assert any(f"smoke.golden[0].{expected}" in line for line in lines), lines


@pytest.mark.parametrize(
    ("text", "model", "case"),
    [
        (BLUEPRINT, "", "{input: {age: 59, city: null}, value: 150, tolerance: 10}"),
        (BLUEPRINT, "", "{input: [1, 2.5], schema: {type: object}, check: jobs/models/x/checks.py:near}"),
        (BLUEPRINT, "", "{input: 7, label: low}"),
        (BEDROCK, NOVA, "{input: x, contains: '', schema: {required: [text]}}"),
        (BEDROCK, TITAN, "{input: x, length: 1024}"),
        (BLUEPRINT.replace("smoke:", "format: embed\nsmoke:"), "", "{input: x, length: 384}"),
        (BLUEPRINT.replace("smoke:", "format: messages\nsmoke:"), "", "{input: x, contains: ''}"),
    ],
)
def test_cases_of_any_kind_are_accepted(text: str, model: str, case: str) -> None:
    written = text.replace(CASE, f"    - {case}\n").replace("{name}", "x1").replace("{model}", model)
    assert build("dev", platform_file(""), {"x1": ("x1.yaml", written)}).blueprints[0].smoke.golden


def test_a_probe_gets_what_it_can_judge() -> None:
    cases = [
        {"input": {"a": 1, "b": None}, "value": 0, "tolerance": 0.5},
        {"input": "x", "schema": {"required": ["y"]}, "check": "a/b.py:c"},
    ]
    assert for_probe([GoldenCase.model_validate(case) for case in cases]) == [
        {"input": {"a": 1, "b": None}, "value": 0.0, "tolerance": 0.5},
        {"input": "x", "schema": {}},
    ]
