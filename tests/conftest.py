"""The order of a run, and the platform that many tests share."""

from __future__ import annotations

import gc
import os
import signal
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests import bucket_owners
from tests.emulator import shared
from tests.results import Results

# Workers keep what they import and collect: at Python's own pace they search it for garbage again and again.
gc.set_threshold(100_000, 50, 100)

# A shell starts what runs in its background with interrupts ignored, and so would every child of ours be: then what
# is to be stopped by one is waited for until a harder way is taken.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST = ("test_refusals.py", "test_terraform_tests.py", "test_terraform_types.py")
"""They start first, so that no worker is alone with one of them at the end."""
PLATFORM = "the deployed platform"
"""What all tests of it count as one file: one worker runs them one after another."""


DEPLOYS = "gw0"
"""The worker that starts the deployment, and as the first of them gets the first tests: those of the platform."""
WORKERS = 4
"""At most: each may have a provider of 600 MB and a local AWS of 300 MB at work."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: there is always a test that waits for a timer inside the provider."""
    return min(WORKERS, (os.cpu_count() or 1) + 1)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _wants_the_platform(item: pytest.Item) -> bool:
    return item.path.parent.name in (shared.READING, shared.CHANGING)


def _rank(item: pytest.Item) -> int:
    """Whoever waits for the deployment does so while others use the cores; then the long ones, then all the rest."""
    if _wants_the_platform(item):
        return shared.CHANGES.index(item.path.name) + 1 if item.path.parent.name == shared.CHANGING else 0
    return 10 + LONGEST.index(item.path.name) if item.path.name in LONGEST else 20


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By files, as `--dist loadfile` does, but for the tests of the deployed platform."""

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            folder = nodeid.split("::")[0].split("/")[-2]
            return PLATFORM if folder in (shared.READING, shared.CHANGING) else super()._split_scope(nodeid)

        @property
        def nodes(self) -> list[Any]:
            """Who deploys comes first, whoever was ready first."""
            return sorted(super().nodes, key=lambda node: node.gateway.id != DEPLOYS)

    return ByFile(config, log) if config.option.dist == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    bucket_owners.install()
    config.pluginmanager.register(bucket_owners)
    if _is_worker(config) and config.workerinput["workerid"] != DEPLOYS:
        # The tests of the platform are the longest line: whoever is not in it lets it pass.
        os.nice(5)
    if not _is_worker(config):
        shared.prepare()
        config.pluginmanager.register(Results(config.rootpath))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()  # what is imported and collected stays to the end: pytest's own searches for garbage pass it by
    first = not _is_worker(session.config) or session.config.workerinput["workerid"] == DEPLOYS
    if first and not session.config.option.collectonly and any(map(_wants_the_platform, session.items)):
        shared.launch()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        shared.clean_up()
