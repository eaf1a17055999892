from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.compute.releases import platform
from tests.emulator.compute.support import TRUST, Lambdas, evidence, unique
from tests.terraform.conftest import attach, mocked_terraform, terraform

__all__ = ["attach", "mocked_terraform", "platform", "terraform"]
"""Fixtures of the rung below, for what Terraform renders and the local AWS runs."""


@pytest.fixture(scope="session", autouse=True)
def role(aws: Any) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="compute-tests", AssumeRolePolicyDocument=TRUST)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [everything]}
    iam.put_role_policy(RoleName="compute-tests", PolicyName="everything", PolicyDocument=json.dumps(document))


@pytest.fixture(scope="session")
def bucket(aws: Any) -> str:
    name = unique("compute")
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def lambdas(aws: Any) -> Lambdas:
    return Lambdas(aws("lambda"))


@pytest.fixture
def seen(emulator: Any) -> Callable[..., list[dict[str, Any]]]:
    """`seen(kind="lambda", resource=name)`: the evidence that matches."""
    return lambda **filters: evidence(emulator.endpoint, **filters)
