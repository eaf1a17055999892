"""One emulator for all tests that need one, on a port and in a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

import pytest

from tests.emulator import clients, shared
from tests.emulator.process import Emulator, start, stop, wait_ready


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
    """`aws("s3")`: a client of the shared emulator, without retries so that failures show at once."""
    return partial(clients.client, endpoint=emulator.endpoint, region_name=emulator.region)


@pytest.fixture(scope="session")
def deployed() -> shared.Deployed:
    """The platform that the tests in `applied/` look at, and those in `changing/` change afterwards."""
    return shared.wait()
