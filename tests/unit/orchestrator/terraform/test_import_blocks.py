"""Import blocks, and their results in a plan."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.terraform import import_blocks
from orchestrator.terraform.import_blocks import Missing

ROLE = 'module.iam.aws_iam_role.persona["data_engineer"]'


def diagnostic(summary: str, detail: str = "", **more: str) -> dict[str, Any]:
    return {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, "detail": detail, **more}}


def change(address: str, actions: list[str], **more: Any) -> dict[str, Any]:
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[-2],
        "change": {"actions": actions, **more},
    }


def test_a_block_names_address_and_id_and_evaluates_nothing() -> None:
    assert import_blocks.text({ROLE: "a${b}"}) == f'import {{\n  to = {ROLE}\n  id = "a$${{b}}"\n}}\n'


def test_only_what_would_be_created_from_nothing_is_missing() -> None:
    document = {
        "resource_changes": [
            change("aws_sns_topic.a", ["create"], after={"name": "a", "policy": None}),
            change("aws_sns_topic.b", ["delete", "create"], after={}),
            change("aws_sns_topic.c", ["update"], after={}),
            {**change("data.aws_sns_topic.d", ["create"], after={}), "mode": "data"},
        ]
    }
    assert list(import_blocks.missing(document)) == [Missing("aws_sns_topic.a", "aws_sns_topic", {"name": "a"})]


def test_an_import_has_the_resource_s_tags_and_its_replacements() -> None:
    tagged = {"tags_all": {"k": "w"}}
    document = {
        "resource_changes": [
            change("aws_a.x", ["no-op"], importing={"id": "1"}, before={"tags_all": {"k": "v"}}, after=tagged),
            change(
                "aws_b.x",
                ["delete", "create"],
                importing={"id": "2"},
                before={},
                after=tagged,
                replace_paths=[["source", 0, "arn"]],
            ),
            change("aws_c.x", ["no-op"], importing={"id": "3"}, before={}, after={}),
            change("aws_d.x", ["create"], after={}),
        ]
    }
    assert [(each.address, each.tags, each.replaced_for) for each in import_blocks.imported(document)] == [
        ("aws_a.x", {"k": "v"}, ()),
        ("aws_b.x", {}, ("source.0.arn",)),
        ("aws_c.x", None, ()),
    ]


def test_missing_resources_are_distinguished_from_failed_reads() -> None:
    events = [
        diagnostic(
            "Cannot import non-existent remote object",
            f"While attempting to import an existing object to {json.dumps(ROLE)}, the provider detected that …",
        ),
        diagnostic("reading SNS Topic", "AccessDenied", address="aws_sns_topic.a"),
        diagnostic("unexpected format for ID (x-1), expected an ARN"),
        diagnostic("reading SQS Queue", "AccessDenied", address="aws_sqs_queue.in_the_state"),
        {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "old", "address": "aws_b.x"}},
        {"type": "version"},
    ]
    imports = {ROLE: "r", "aws_sns_topic.a": "a", "aws_b.x": "b", "aws_c.x": "x-1"}
    assert import_blocks.failed(events, imports) == {
        ROLE: "",
        "aws_sns_topic.a": "reading SNS Topic: AccessDenied",
        "aws_c.x": "unexpected format for ID (x-1), expected an ARN:",
    }
