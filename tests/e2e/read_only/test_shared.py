"""The shared platform itself: what its readers rely on."""

from __future__ import annotations

import pytest

from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


def test_every_stack_of_the_result_has_a_state(deployed: Deployed) -> None:
    assert deployed.result["status"] == "ok"
    assert {stack["name"] for stack in deployed.result["stacks"]} == set(deployed.states())


def test_outputs_are_those_of_the_applied_state(deployed: Deployed) -> None:
    bucket = deployed.outputs("foundation")["s3"]["bucket_name"]
    assert bucket in {found["Name"] for found in deployed.client("s3").list_buckets()["Buckets"]}
