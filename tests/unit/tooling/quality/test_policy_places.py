"""Every attribute of the provider that may hold a policy is judged, or has a reason why not."""

from __future__ import annotations

from collections.abc import Mapping

import iamplaces
import pytest

from orchestrator.risk import iam_growth
from tooling.quality import policy_places

VERSION, VERDICTS = policy_places.read()
JUDGED = {"statements": iamplaces.JUDGED, "named policy": iamplaces.ATTACHED, "template": iamplaces.TEMPLATES}
REASON_LETTERS = 15


def _places(of: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {f"{kind}\t{place}" for kind, places in of.items() for place in places}


def test_the_table_is_of_the_provider_in_use() -> None:
    assert policy_places.locked_version() == VERSION, (
        "run `python -m tooling.quality.policy_places` and judge what is new"
    )


@pytest.mark.parametrize("verdict", JUDGED)
def test_the_rules_look_where_the_table_says(verdict: str) -> None:
    expected = {
        place
        for place, verdict_of_place in VERDICTS.items()
        if verdict_of_place == verdict and not place.startswith("data.")
    }
    assert _places(JUDGED[verdict]) == expected


def test_everything_else_has_a_reason() -> None:
    others = {place: reason for place, reason in VERDICTS.items() if reason not in JUDGED}
    without = [
        place for place, reason in others.items() if not reason.startswith("no: ") or len(reason) < REASON_LETTERS
    ]
    assert without == []


def test_the_schema_is_searched_in_nested_blocks_and_attributes() -> None:
    text = {"type": "string", "optional": True}
    block = {"attributes": {"policy": text, "policy_id": text, "computed_policy": {"type": "string", "computed": True}}}
    nested = {"attributes": {"access_policy": {"type": ["set", "string"], "required": True}}}
    schema = {
        "provider_schemas": {
            "aws": {
                "resource_schemas": {
                    "aws_a": {"block": {**block, "block_types": {"inner": {"block": block}}}},
                    "aws_b": {"block": {"attributes": {"list": {"nested_type": nested}}}},
                },
                "data_source_schemas": {"aws_c": {"block": block}},
            }
        }
    }
    assert list(policy_places.attributes(schema)) == [
        "aws_a\tpolicy",
        "aws_a\tinner.policy",
        "aws_b\tlist.access_policy",
        "data.aws_c\tpolicy",
    ]


def test_growth_is_looked_for_wherever_the_rules_look() -> None:
    judged = {(kind, place.partition(".")[0]) for kind, places in iamplaces.JUDGED.items() for place in places}
    assert {(kind, place) for kind, places in iam_growth.DOCUMENTS.items() for place in places} == judged


def test_who_gets_a_named_policy_may_do_more() -> None:
    covered = {kind for kind in iamplaces.ATTACHED if kind in iam_growth.GRANTS or kind in iam_growth.NAMED}
    assert set(iamplaces.ATTACHED) - covered == {"aws_ssoadmin_permissions_boundary_attachment"}, (
        "a boundary gives nothing"
    )
