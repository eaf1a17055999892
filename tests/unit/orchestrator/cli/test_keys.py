"""`orchestrator keys`, over fakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator import api_keys
from orchestrator.core.state import State
from tests.fakes.keys import KeysOfAws
from tests.fakes.tools import FakeTools
from tests.unit.orchestrator.cli.conftest import Cli


@pytest.fixture
def aws(cli: Cli) -> KeysOfAws:
    """As the step of a deployment leaves it, without the rest of one."""

    def prepare(tools: FakeTools) -> None:
        tools.emulator.up()
        published = tools.terraform.outputs()["inference"]
        tools.store.states["inference"] = State(1, "lineage", {"inference": published}, ("aws_x.y",))
        recipes = api_keys.recipes({"inference": published})
        api_keys.keep(tools.aws, api_keys.Owner.of(tools.environment), recipes, tools.keys.clock)

    cli.prepare = prepare
    assert cli("keys", "list", "local").code == 0
    return cli._tools["local"].keys


def listed(cli: Cli) -> list[dict[str, Any]]:
    answer = cli("keys", "list", "local", "--json")
    assert answer.code == 0, answer.err
    listing: list[dict[str, Any]] = json.loads(answer.out)
    return listing


def values(aws: KeysOfAws) -> set[str]:
    return {key["value"] for key in aws.keys.values()}


def test_list_tells_all_but_the_values(cli: Cli, aws: KeysOfAws) -> None:
    listing = listed(cli)
    assert [(each["name"], each["id"], each["blueprints"]) for each in listing] == [
        ("default", "key1", ["*"]),
        ("reviews-team", "key3", ["for-reviews-team"]),
        ("smoke", "key2", ["for-smoke"]),
    ]
    assert {(each["state"], each["until"], each["value_in_earlier_states"]) for each in listing} == {
        ("current", None, False)
    }
    answer = cli("keys", "list", "local")
    assert "reviews-team" in answer.out
    assert not [value for value in values(aws) if value in answer.out + answer.err + json.dumps(listing)]


def test_show_prints_one_value_and_nothing_else(cli: Cli, aws: KeysOfAws) -> None:
    answer = cli("keys", "show", "local", "smoke")
    assert (answer.code, answer.out) == (0, aws.keys["key2"]["value"] + "\n")
    wrong = cli("keys", "show", "local", "smok")
    assert (wrong.code, wrong.out) == (1, "")
    assert "there is no API key `smok`; available: default, reviews-team, smoke" in wrong.err


def test_rotate_makes_a_second_key_and_says_until_when_the_first_is_good(cli: Cli, aws: KeysOfAws) -> None:
    answer = cli("keys", "rotate", "local", "default", "--overlap", "12")
    assert answer.code == 0, answer.err
    assert "created default" in answer.err
    assert "orchestrator keys show local NAME" in answer.err
    assert not [value for value in values(aws) if value in answer.out + answer.err]
    states = [(each["id"], each["state"]) for each in listed(cli) if each["name"] == "default"]
    assert states == [("key4", "current"), ("key1", "retiring")]
    assert "retiring, until " in cli("keys", "list", "local").out
    assert cli("keys", "show", "local", "default").out.strip() == aws.keys["key4"]["value"]


def test_rotate_without_names_means_all(cli: Cli, aws: KeysOfAws) -> None:
    result = json.loads(cli("keys", "rotate", "local", "--json").out)
    assert [each["state"] for each in result] == ["current", "retiring"] * 3
    assert len(aws.keys) == 6


@pytest.mark.parametrize("arguments", [["--finish"], ["--overlap", "0"]])
def test_revoking_keys_at_once_requires_confirmation(cli: Cli, aws: KeysOfAws, arguments: list[str]) -> None:
    cli("keys", "rotate", "local", "default")
    refused = cli("keys", "rotate", "local", "default", *arguments)
    assert refused.code == 14
    assert "revoking API keys of `local` at once requires confirmation" in refused.err
    assert "key1" in aws.keys
    assert cli("keys", "rotate", "local", "default", *arguments, "--yes").code == 0
    assert "key1" not in aws.keys
    assert [each["state"] for each in listed(cli) if each["name"] == "default"] == ["current"]


@pytest.mark.parametrize("arguments", [["list", "local"], ["show", "local", "default"], ["rotate", "local"]])
def test_nothing_deployed_is_said(cli: Cli, arguments: list[str]) -> None:
    answer = cli("keys", *arguments)
    assert answer.code == 12, "the local AWS is not running"
    cli._tools["local"].emulator.up()
    answer = cli("keys", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert "the stack inference is not deployed" in answer.err


def test_an_upgrade_warns_once_and_goes_well(cli: Cli, aws: KeysOfAws) -> None:
    for key in aws.keys.values():
        key["tags"]["managed-by"] = "terraform"
    answer = cli("deploy", "local")
    assert answer.code == 0
    output = " ".join(answer.out.split())
    assert "Warning: the API keys default, smoke, reviews-team were made by Terraform" in output
    assert "`orchestrator keys rotate local` gives callers new ones" in output
    assert "its value is in earlier states: rotate it" in cli("keys", "list", "local").out
    result = json.loads(cli("deploy", "local", "--json").out)
    assert result["warnings"] == []
    cli("keys", "rotate", "local", "--overlap", "0", "--yes")
    assert "earlier states" not in cli("keys", "list", "local").out


def test_a_caller_that_left_the_file_loses_its_key(cli: Cli, aws: KeysOfAws) -> None:
    tools = cli._tools["local"]
    key = tools.keys.add(
        "mlops-local-inference-gone-team", "old", project="mlops", environment="local", **{"managed-by": "orchestrator"}
    )
    assert cli("deploy", "local").code == 0
    assert key not in aws.keys
    assert len(aws.keys) == 3
