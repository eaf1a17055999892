"""The same command once more, when nothing is to do."""

from __future__ import annotations

import pytest

from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


def test_a_second_deploy_changes_nothing_and_says_so(deployed: Deployed) -> None:
    checkout = deployed.checkout
    done = checkout.orchestrator("deploy", "local", timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    result = checkout.result()
    assert {stack["action"] for stack in result["stacks"]} <= {"unchanged", "skipped"}
    assert sum(s["added"] + s["changed"] + s["destroyed"] for s in result["stacks"]) == 0
    assert result["pipeline"] is None, "a live model version exists, so nothing is trained"
    assert "nothing changed, no terraform apply ran" in done.stdout
