"""The order of a run, and the platform that many tests share."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.support import bucket_owners
from tests.support import shared_platform as platform
from tests.support.results import Results

# A shell starts its background jobs with interrupts ignored, and children inherit that: a test that stops its child
# by an interrupt would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FOLDERS = (platform.READING, platform.CHANGING)
SCOPE = "the deployed platform"
"""All tests of the platform count as one file: one worker runs them one after another."""
WORKERS = 4
"""At most: each may have a provider of 600 MB and a local AWS of 300 MB at work."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: there is always a test that waits for a timer inside the provider."""
    return min(WORKERS, (os.cpu_count() or 1) + 1)


def _rank(item: pytest.Item) -> int:
    """Tests of the platform come first, in their order: they are the longest chain of a run."""
    folder, file = item.path.parent.name, item.path.name
    if folder not in FOLDERS:
        return len(platform.CHANGES) + 1
    return platform.CHANGES.index(file) + 1 if folder == platform.CHANGING else 0


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute by file, as `--dist loadfile` does, except for the tests of the platform."""

    class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            folder = nodeid.split("::")[0].split("/")[-2]
            return SCOPE if folder in FOLDERS else super()._split_scope(nodeid)

    return ByFile(config, log) if config.option.dist == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    bucket_owners.install()
    config.pluginmanager.register(bucket_owners)
    if not hasattr(config, "workerinput"):
        platform.prepare()
        config.pluginmanager.register(Results(config.rootpath))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def pytest_collection_finish(session: pytest.Session) -> None:
    first = getattr(session.config, "workerinput", {"workerid": "gw0"})["workerid"] == "gw0"
    if first and not session.config.option.collectonly and any(i.path.parent.name in FOLDERS for i in session.items):
        platform.launch()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        platform.clean_up()
