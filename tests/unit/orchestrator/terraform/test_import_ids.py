"""Import IDs of existing resources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.recovery.lookups import LOOKUPS
from orchestrator.terraform.import_ids import IDS, Place, chosen_by_aws, import_id

REPO = Path(__file__).resolve().parents[4]
PLACE = Place("aws", "us-east-1", "123456789012")


def _types_in_code() -> set[str]:
    blocks = re.compile(r'^resource "([a-z0-9_]+)"', re.MULTILINE)
    files = [path for path in (REPO / "terraform").rglob("*.tf") if ".terraform" not in path.parts]
    return {type_ for path in files for type_ in blocks.findall(path.read_text(encoding="utf-8"))}


def test_exactly_the_types_of_the_code_have_a_row() -> None:
    types = _types_in_code()
    assert len(types) > 80
    assert types == IDS.keys()


def test_what_aws_chooses_can_be_looked_up() -> None:
    assert {type_ for type_ in IDS if chosen_by_aws(type_)} == LOOKUPS.keys()


@pytest.mark.parametrize(
    ("type_", "planned", "chosen", "expected"),
    [
        ("aws_iam_role_policy", {"role": "r", "name": "p"}, None, "r:p"),
        ("aws_iam_policy", {"path": "/x/", "name": "p"}, None, "arn:aws:iam::123456789012:policy/x/p"),
        ("aws_sfn_state_machine", {"name": "m"}, None, "arn:aws:states:us-east-1:123456789012:stateMachine:m"),
        ("aws_api_gateway_resource", {"rest_api_id": "a"}, "r1", "a/r1"),
        ("aws_bedrockagent_agent_alias", {"agent_id": "A"}, "ALIAS,A", "ALIAS,A"),
        ("aws_cloudwatch_event_rule", {"event_bus_name": "default", "name": "r"}, None, "r"),
        ("aws_cloudwatch_event_rule", {"event_bus_name": "own", "name": "r"}, None, "own/r"),
        ("aws_vpc", {"cidr_block": "10.0.0.0/16"}, "vpc-1", "vpc-1"),
        (
            "aws_glue_schema",
            {"registry_arn": "arn:aws:glue:us-east-1:123456789012:registry/reg", "schema_name": "s"},
            None,
            "arn:aws:glue:us-east-1:123456789012:schema/reg/s",
        ),
    ],
)
def test_ids_are_made_of_planned_values(
    type_: str, planned: dict[str, object], chosen: str | None, expected: str
) -> None:
    assert import_id(type_, planned, PLACE, chosen) == expected


def test_there_is_no_id_while_a_part_is_unknown() -> None:
    assert import_id("aws_iam_role_policy", {"name": "p"}, PLACE) is None
    assert import_id("aws_iam_role_policy", {"role": None, "name": "p"}, PLACE) is None
    assert import_id("aws_iam_role_policy", {"role": "", "name": "p"}, PLACE) is None
    assert import_id("aws_vpc", {"id": "vpc-planned"}, PLACE) is None


def test_a_recreated_type_has_no_id() -> None:
    assert import_id("terraform_data", {"id": "x"}, PLACE, "x") is None
