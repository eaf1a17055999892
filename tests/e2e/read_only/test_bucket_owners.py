"""Requests to S3 during a whole deployment, its pipeline and its smoke tests, each with the owner of its bucket."""

from __future__ import annotations

import pytest

from tests.support.clients import APP
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

TERRAFORM = "HashiCorp"
"""Of its S3 backend and of its provider, which have no setting for an expected owner."""


def test_nothing_of_the_platform_uses_a_bucket_without_naming_its_owner(deployed: Deployed) -> None:
    records = deployed.checkout.evidence(kind="s3-without-owner")
    assert any(TERRAFORM in each["user_agent"] for each in records), "nothing was noted at all"
    others = [
        each for each in records if TERRAFORM not in each["user_agent"] and f"app/{APP}" not in each["user_agent"]
    ]
    assert others == []
