"""A blueprint whose file is gone: seen, shown, and destroyed by the next deploy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

NAME = "chat-serverless"
STACK = f"blueprint-{NAME}"


def status(deployed: Deployed) -> dict[str, Any]:
    done = deployed.checkout.orchestrator("status", "local", "--json")
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def profiles(deployed: Deployed) -> list[str]:
    listed = deployed.checkout.client("bedrock").list_inference_profiles()["inferenceProfileSummaries"]
    return [each["inferenceProfileName"] for each in listed]


def test_a_blueprint_whose_file_is_gone_is_destroyed_by_the_next_deploy(deployed: Deployed) -> None:
    checkout = deployed.checkout
    file = checkout.folder / f"terraform/envs/local/blueprints/{NAME}.yaml"
    text = file.read_text(encoding="utf-8")
    assert f"{PREFIX}-{NAME}" in profiles(deployed)
    file.unlink()
    try:
        assert [each["name"] for each in status(deployed)["stacks"] if each["gone"]] == [STACK]
        planned = checkout.orchestrator("plan", "local", STACK)
        assert planned.returncode == 0, planned.stderr
        assert "aws_bedrock_inference_profile" in planned.stdout
        part = checkout.orchestrator("deploy", "local", "--blueprint", "chat")
        assert f"`{STACK}` stays deployed though its file is gone" in part.stdout
        assert f"{PREFIX}-{NAME}" in profiles(deployed)
        done = checkout.orchestrator("deploy", "local")
        assert done.returncode == 0, done.stderr[-3000:]
        ended = {stack["name"]: (stack["action"], stack["reason"]) for stack in checkout.result()["stacks"]}
        assert ended[STACK] == ("destroyed", "its file is gone")
        assert f"{PREFIX}-{NAME}" not in profiles(deployed)
        after = status(deployed)
        assert ([each["name"] for each in after["stacks"] if each["gone"]], after["orphans"]) == ([], [])
    finally:
        file.write_text(text, encoding="utf-8")
    again = checkout.orchestrator("deploy", "local")
    assert again.returncode == 0, again.stderr[-3000:]
    assert {stack["name"]: stack["action"] for stack in checkout.result()["stacks"]}[STACK] == "created"
