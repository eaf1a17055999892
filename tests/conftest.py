"""The order of a run, and the platform that all its workers share."""

from __future__ import annotations

import os

import pytest

from tests.emulator import shared
from tests.results import Results

LONGEST = ("test_deploy.py", "test_bad_days.py", "test_blueprint_options.py", "test_refusals.py")
"""They start first, so that no worker is alone with one of them at the end."""


WORKERS = 4
"""At most: each may have a provider of 600 MB and a local AWS of 300 MB at work."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: there is always a test that waits for a timer inside the provider."""
    return min(WORKERS, (os.cpu_count() or 1) + 1)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _reads_the_shared_platform(item: pytest.Item) -> bool:
    return "applied" in item.path.parts


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        shared.prepare()
        config.pluginmanager.register(Results(config.rootpath))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: 2 if _reads_the_shared_platform(item) else int(item.path.name not in LONGEST))


def pytest_collection_finish(session: pytest.Session) -> None:
    first = not _is_worker(session.config) or session.config.workerinput["workerid"] == "gw0"
    if first and not session.config.option.collectonly and any(map(_reads_the_shared_platform, session.items)):
        shared.launch()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        shared.clean_up()
