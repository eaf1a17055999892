"""One emulator for all tests that need one, on its own port and in its own folder, and helpers on it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import pytest

from tests.support import clients
from tests.support.compute import TRUST, Lambdas, evidence, unique
from tests.support.process import Emulator, start, stop, wait_ready
from tests.support.releases import platform
from tests.terraform.conftest import attach, mocked_terraform, terraform

__all__ = ["attach", "mocked_terraform", "platform", "terraform"]
"""Fixtures of the rung below, for what Terraform renders and the local AWS runs."""


class ClientFactory(Protocol):
    def __call__(self, service: str, **options: Any) -> Any: ...


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    data_dir = tmp_path_factory.mktemp("emulator")
    began = time.monotonic()
    # Retries and rates pass fifty times faster: no test waits for them.
    process, log = start(data_dir, "--time-scale", "0.02")
    document = wait_ready(process, data_dir, log)
    try:
        yield Emulator(
            endpoint=document["endpoint"],
            port=document["port"],
            pid=document["pid"],
            account_id=document["account_id"],
            region=document["region"],
            data_dir=data_dir,
            log=log,
            ready_after=time.monotonic() - began,
        )
    finally:
        stop(process)


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> ClientFactory:
    """Return `aws("s3")`: a client of the shared emulator, without retries so that failures show at once.

    The account has the role `compute.ROLE`, under which functions and jobs of tests run.
    """
    clients_of = partial(clients.client, endpoint=emulator.endpoint, region_name=emulator.region)
    iam = clients_of("iam")
    iam.create_role(RoleName="compute-tests", AssumeRolePolicyDocument=TRUST)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [everything]}
    iam.put_role_policy(RoleName="compute-tests", PolicyName="everything", PolicyDocument=json.dumps(document))
    return clients_of


@pytest.fixture(scope="session")
def bucket(aws: ClientFactory) -> str:
    name = unique("compute")
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def lambdas(aws: ClientFactory) -> Lambdas:
    return Lambdas(aws("lambda"))


@pytest.fixture
def seen(emulator: Emulator) -> Callable[..., list[dict[str, Any]]]:
    """Return `seen(kind="lambda", resource=name)`: the evidence that matches."""
    return lambda **filters: evidence(emulator.endpoint, **filters)
