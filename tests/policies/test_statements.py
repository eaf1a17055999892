"""Every IAM statement is judged: wherever it stands, however it is spelt, in source and in plan alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from iamplaces import ATTACHED, ENDPOINTS, JUDGED, TEMPLATES

from orchestrator.policy.gate import Checkov
from tests.policies.statement_spellings import CASES, IN_SOURCE, LEFT_OPEN, Case

WIDE = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}
READ = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}]}
PLACES = [(kind, place) for kind, places in JUDGED.items() for place in places]
NAMES = [(kind, place) for kind, places in ATTACHED.items() for place in places]
BODIES = [(kind, place) for kind, places in TEMPLATES.items() for place in places]
DOCUMENTS = {
    "not_resources": ('actions = ["s3:DeleteObject"]\n not_resources = ["arn:aws:s3:::keep/*"]', {2}),
    "not_actions": ('not_actions = ["s3:*"]\n resources = ["arn:aws:s3:::data"]', {2, 3}),
    "pattern": ('actions = ["iam:Passrol?"]\n resources = ["*"]', {3}),
    "all": (
        'actions = ["s3:GetObject"]\n resources = ["*"]\n principals {\n type = "*"\n identifiers = ["*"]\n }',
        {6},
    ),
    "all_but": ('actions = ["s3:GetObject"]\n not_principals {\n type = "AWS"\n identifiers = ["a"]\n }', {6}),
    "denial": ('effect = "Deny"\n not_actions = ["s3:*"]\n not_resources = ["a"]', set()),
}
PREAMBLE = """
variable "unset" { type = string }
variable "more" { type = list(any) }
variable "actions" { default = ["s3:*"] }
locals {
  wide_object = { Statement = { Effect = "Allow", Action = "s3:*", Resource = "a" } }
  several = {
    one = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "a" }] })
    two = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "a" }] })
  }
  wide        = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "a" }] })
}
"""


def written(case: Case) -> str:
    """The case as an expression of Terraform."""
    if isinstance(case.document, str):
        return json.dumps(case.document)
    return f"jsonencode({json.dumps(case.document)})".replace("${", "$${")


def nested(path: str, value: str) -> str:
    name, dot, rest = path.partition(".")
    return f"{name} {{\n {nested(rest, value)}\n}}" if dot else f"{name} = {value}"


def nested_value(path: str, value: Any) -> dict[str, Any]:
    name, dot, rest = path.partition(".")
    return {name: [nested_value(rest, value)] if dot else value}


def attached(place: str) -> Any:
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    return [arn] if place.endswith("arns") else arn


def kind_of(case: Case) -> str:
    return "aws_kinesis_resource_policy" if case.of_resource else "aws_iam_role_policy"


def source() -> Iterator[str]:
    yield PREAMBLE
    for number, case in enumerate(CASES):
        yield f'resource "{kind_of(case)}" "case_{number}" {{\n policy = {written(case)}\n}}\n'
    for number, (expression, _) in enumerate(IN_SOURCE.values()):
        yield f'resource "aws_iam_role_policy" "source_{number}" {{\n policy = {expression}\n}}\n'
    for number, expression in enumerate(LEFT_OPEN):
        yield f'resource "aws_iam_role_policy" "open_{number}" {{\n policy = {expression}\n}}\n'
    for number, (kind, place) in enumerate(PLACES):
        yield f'resource "{kind}" "place_{number}" {{\n {nested(place, f"jsonencode({json.dumps(WIDE)})")}\n}}\n'
    for number, (kind, place) in enumerate(NAMES):
        yield f'resource "{kind}" "name_{number}" {{\n {nested(place, json.dumps(attached(place)))}\n}}\n'
    for number, (kind, place) in enumerate(BODIES):
        yield f'resource "{kind}" "body_{number}" {{\n {nested(place, json.dumps("Type: AWS::IAM::Role"))}\n}}\n'
    for name, (body, _) in DOCUMENTS.items():
        yield f'data "aws_iam_policy_document" "{name}" {{\n statement {{\n {body}\n }}\n}}\n'
    for name in ("source_policy_documents", "override_policy_documents"):
        yield f'data "aws_iam_policy_document" "{name}" {{\n {name} = [jsonencode({json.dumps(WIDE)})]\n}}\n'
    # checkov drops what a dynamic block goes through, unless there is another block of the name: then it is left open.
    expanded = (
        'dynamic "inline_policy" {\n  for_each = local.several\n  content {\n   policy = inline_policy.value\n  }\n }'
    )
    static = f"inline_policy {{\n  policy = jsonencode({json.dumps(READ)})\n }}"
    yield f'resource "aws_iam_role" "dynamic" {{\n {static}\n {expanded}\n}}\n'
    yield f'resource "aws_iam_role" "only_dynamic" {{\n {expanded}\n}}\n'


def plan() -> dict[str, Any]:
    resources: list[tuple[str, str, dict[str, Any]]] = []
    for number, case in enumerate(CASES):
        text = case.document if isinstance(case.document, str) else json.dumps(case.document)
        resources.append((kind_of(case), f"case_{number}", {"policy": text}))
    for number, (kind, place) in enumerate(PLACES):
        resources.append((kind, f"place_{number}", nested_value(place, json.dumps(WIDE))))
    for number, (kind, place) in enumerate(NAMES):
        resources.append((kind, f"name_{number}", nested_value(place, attached(place))))
    for number, (kind, place) in enumerate(BODIES):
        resources.append((kind, f"body_{number}", nested_value(place, "Type: AWS::IAM::Role")))
    twice = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "a", "Action": "s3:Get*"}}'
    resources.append(("aws_iam_role", "twice", {"inline_policy": [{"name": "p", "policy": twice}]}))
    frame = [
        {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name} for kind, name, _ in resources
    ]
    provider = {"provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {
            "root_module": {
                "resources": [
                    {**each, **provider, "values": values} for each, (*_, values) in zip(frame, resources, strict=True)
                ]
            }
        },
        "resource_changes": [
            {**each, "change": {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}}
            for each, (*_, values) in zip(frame, resources, strict=True)
        ],
        "configuration": {"root_module": {}},
    }


Verdicts = dict[str, dict[int, bool]]
"""By a block's own name: the numbers of rules of IAM that judged it, and whether it passed."""


def by_name(verdicts: dict[tuple[str, str], bool]) -> Verdicts:
    by_block: Verdicts = {}
    for (rule, address), passed in verdicts.items():
        if rule.startswith("MLOPS_IAM_"):
            by_block.setdefault(address.rsplit(".", 1)[-1], {})[int(rule.removeprefix("MLOPS_IAM_"))] = passed
    return by_block


@pytest.fixture(scope="module")
def in_source(gate: Checkov, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    folder = tmp_path_factory.mktemp("statements")
    (folder / "main.tf").write_text("\n".join(source()), encoding="utf-8")
    return by_name(gate.verdicts(folder))


@pytest.fixture(scope="module")
def in_plan(gate: Checkov, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    report = gate.scan_plan(plan(), root=tmp_path_factory.mktemp("root"))
    return by_name({(each.rule, each.resource): False for each in report.findings})


def refused(verdicts: Verdicts, name: str) -> set[int]:
    return {rule for rule, passed in verdicts.get(name, {}).items() if not passed}


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case.name for case in CASES])
def test_a_statement_is_judged_alike_in_source_and_plan(
    in_source: Verdicts, in_plan: Verdicts, number: int, case: Case
) -> None:
    name = f"case_{number}"
    assert refused(in_source, name) == case.refused
    assert refused(in_plan, name) == case.refused


@pytest.mark.parametrize(
    ("number", "refusing"), list(enumerate(rules for _, rules in IN_SOURCE.values())), ids=list(IN_SOURCE)
)
def test_an_expression_is_followed_to_its_statement(in_source: Verdicts, number: int, refusing: set[int]) -> None:
    assert refused(in_source, f"source_{number}") == refusing


@pytest.mark.parametrize("number", range(len(LEFT_OPEN)), ids=LEFT_OPEN)
def test_what_the_source_cannot_tell_is_not_called_right(in_source: Verdicts, number: int) -> None:
    assert in_source.get(f"open_{number}", {}) == {}


@pytest.mark.parametrize(("number", "place"), list(enumerate(PLACES)), ids=map(".".join, PLACES))
def test_a_policy_is_judged_wherever_it_stands(
    in_source: Verdicts, in_plan: Verdicts, number: int, place: tuple[str, str]
) -> None:
    expected = {6} if place[0] in ENDPOINTS else {2, 6}
    assert refused(in_source, f"place_{number}") >= expected
    assert refused(in_plan, f"place_{number}") >= expected


@pytest.mark.parametrize(("number", "place"), list(enumerate(NAMES)), ids=map(".".join, NAMES))
def test_a_managed_policy_of_aws_is_judged_wherever_it_is_named(
    in_source: Verdicts, in_plan: Verdicts, number: int, place: tuple[str, str]
) -> None:
    assert 7 in refused(in_source, f"name_{number}")
    assert 7 in refused(in_plan, f"name_{number}")


@pytest.mark.parametrize(("number", "place"), list(enumerate(BODIES)), ids=map(".".join, BODIES))
def test_no_template_holds_policies(
    in_source: Verdicts, in_plan: Verdicts, number: int, place: tuple[str, str]
) -> None:
    assert 8 in refused(in_source, f"body_{number}")
    assert 8 in refused(in_plan, f"body_{number}")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_judged_by_its_blocks(in_source: Verdicts, name: str) -> None:
    assert refused(in_source, name) == DOCUMENTS[name][1]


@pytest.mark.parametrize("name", ["source_policy_documents", "override_policy_documents"])
def test_a_document_is_judged_with_those_that_it_takes_in(in_source: Verdicts, name: str) -> None:
    assert 2 in refused(in_source, name)


def test_a_dynamic_block_is_judged_by_what_it_is_made_from(in_source: Verdicts) -> None:
    assert 2 in refused(in_source, "dynamic")
    assert 2 not in in_source["only_dynamic"], "left open, and judged in the plan"


def test_an_element_that_is_given_twice_is_refused(in_plan: Verdicts) -> None:
    assert 8 in refused(in_plan, "twice")
