"""`orchestrator plan`, over fakes."""

from __future__ import annotations

import json

from tests.fakes.terraform import plan_summary
from tests.fakes.tools import FakeTools
from tests.unit.orchestrator.cli.conftest import Cli
from tests.unit.orchestrator.risk.conftest import change


def test_plan_of_an_empty_environment_is_a_preview(cli: Cli) -> None:
    answer = cli("plan", "local")
    assert answer.code == 0, answer.err
    assert "`orchestrator deploy local` would do:" in answer.out
    assert "Preview with example values" in answer.out
    assert "planning against a temporary local AWS" in answer.err


def test_a_plan_lists_resources_and_risks(cli: Cli) -> None:
    exposed = change("aws_subnet", None, {"map_public_ip_on_launch": True})

    def prepare(tools: FakeTools) -> None:
        tools.terraform.plans["data"] = plan_summary(exposed["address"], document={"resource_changes": [exposed]})

    cli.prepare = prepare
    answer = cli("plan", "prod")
    assert answer.code == 0, answer.err
    assert "data: 1 to add\n  module.m (1)\n    + aws_subnet                               this\n" in answer.out
    assert "    public-exposure  module.m.aws_subnet.this\n" in answer.out
    result = json.loads(cli("plan", "prod", "--json").out)
    (data,) = (stack for stack in result["stacks"] if stack["name"] == "data")
    assert data["changes"] == [{"address": "module.m.aws_subnet.this", "type": "aws_subnet", "action": "create"}]
    assert result["risks"] == [
        {
            "kind": "public-exposure",
            "stack": "data",
            "resource": "module.m.aws_subnet.this",
            "reason": "instances in it get a public address",
        }
    ]
