"""The environment that campaigns deploy: everything the platform is made of, and as little of it as will do.

Foundation, training pipeline, one real-time endpoint, one blueprint of Bedrock. It lives in copies of the checkout
below a folder of the campaign's own, so that no other environment is touched. A *lane* is one local AWS and the
clone that deploys to it. The local AWS runs from a copy that is never deployed from: when the machine is said to be
gone, the clone goes, with its runs, build and temporary files, and AWS stays.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.campaigns import machine, world
from tests.campaigns.world import World
from tests.support import checkout as checkouts
from tests.support import keys
from tests.support.checkout import Checkout

ENVIRONMENT = "local"
"""Its name within the copies."""
BUCKET = f"mlops-{ENVIRONMENT}-tfstate-123456789012-us-east-1"
BLUEPRINTS = ("chat", "reviews")
ENVS = Path("terraform/envs") / ENVIRONMENT
PLATFORM = ENVS / "platform.yaml"
REVIEWS = ENVS / "blueprints/reviews.yaml"
TAG = "variant"
VARIANTS = {"a": "ml.m5.large", "b": "ml.m5.xlarge"}
"""An environment that is deployed is changed from one into the other: a tag of everything, and the endpoint's
instances, which takes a release."""


@dataclass(frozen=True)
class Clone(Checkout):
    """A copy to deploy from, with a separate folder for temporary files."""

    tmp: Path = Path()

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(TMPDIR=str(self.tmp), **more)

    @property
    def variant(self) -> str:
        platform = yaml.safe_load((self.folder / PLATFORM).read_text(encoding="utf-8"))
        return str(platform["tags"][TAG])

    def become(self, variant: str) -> None:
        """Change what the files say; nothing is deployed yet."""
        platform = yaml.safe_load((self.folder / PLATFORM).read_text(encoding="utf-8"))
        reviews = yaml.safe_load((self.folder / REVIEWS).read_text(encoding="utf-8"))
        platform["tags"] = {TAG: variant}
        reviews["instance_type"] = VARIANTS[variant]
        _write(self.folder / PLATFORM, platform)
        _write(self.folder / REVIEWS, reviews)


class Lane:
    """One local AWS, and the clone that deploys to it.

    Args:
        folder: a separate one; a short path, since sockets lie below it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = checkouts.free_port()
        self._numbers = itertools.count(1)
        self.home = self._first()
        self.clone = self._clone()

    def start(self) -> None:
        """Start the local AWS, with nothing in it."""
        done = self.home.orchestrator("emulator", "up", ENVIRONMENT)
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def log(self) -> Path:
        """One line for each request that the local AWS has answered."""
        return self.home.folder / ".emulator" / ENVIRONMENT / "emulator.log"

    @property
    def aws_pid(self) -> int:
        return int(json.loads((self.log.parent / "emulator.json").read_text())["pid"])

    def processes(self) -> dict[int, machine.Process]:
        """Of the clones, the local AWS and what it has started."""
        return machine.of(self.folder)

    def aws_processes(self) -> set[int]:
        """The local AWS and what it has started: they stand for AWS."""
        try:
            pid = self.aws_pid
        except (OSError, ValueError, KeyError):
            return set()
        return machine.below(pid, self.processes())

    def lose_the_machine(self) -> None:
        """Delete what ends with a CI runner: every process but AWS, runs, build, temporary files; make a new clone."""
        variant = self.clone.variant
        for pid in self.processes().keys() - self.aws_processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._wait_for_end()
        shutil.rmtree(self.clone.tmp, ignore_errors=True)
        # The sources stay: an AWS that was started from here reads them.
        for name in (".runs", "build"):
            shutil.rmtree(self.clone.folder / name, ignore_errors=True)
        self.clone = self._clone()
        self.clone.become(variant)

    def save(self, folder: Path) -> None:
        """Copy what tells how something came about: runs, what commands said, the log of the local AWS."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with suppress(FileNotFoundError):
            shutil.copytree(self.clone.folder / ".runs", folder / "runs", symlinks=True)
        for log in (*self.clone.folder.glob("*.log"), self.log):
            with suppress(FileNotFoundError):
                shutil.copy(log, folder)

    def renew(self) -> None:
        """End everything and begin with an empty AWS."""
        self.stop()
        shutil.rmtree(self.home.folder / ".emulator", ignore_errors=True)
        (self.home.folder / ".emulator").mkdir()
        shutil.rmtree(self.clone.folder)
        shutil.rmtree(self.clone.tmp, ignore_errors=True)
        self.clone = self._clone()
        self.start()

    def stop(self) -> None:
        with suppress(OSError, ValueError, KeyError):
            keys.page(self.home.endpoint, "faults", method="DELETE")
        self.home.orchestrator("emulator", "down", ENVIRONMENT)
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._wait_for_end()

    def world(self) -> World:
        """What exists in the local AWS; instances that are those of the files are just `wanted`."""
        return world.see(self.clone.client, BUCKET, known={"wanted": VARIANTS[self.clone.variant]})

    def locks(self) -> list[str]:
        return world.locks(self.clone.client, BUCKET)

    def arm(self, **fault: object) -> None:
        """Arm a fault of the local AWS (docs/guides/local-faults.md)."""
        keys.page(self.home.endpoint, "faults", method="POST", document=fault)

    def disarm(self) -> None:
        with suppress(OSError):
            keys.page(self.home.endpoint, "faults", method="DELETE")

    def _wait_for_end(self, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while self.processes().keys() - self.aws_processes() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _clone(self) -> Clone:
        """Of the home, not of this checkout, which may change while a campaign runs."""
        clone = self._named(f"c{next(self._numbers)}")
        shutil.copytree(self.home.folder, clone.folder, symlinks=True, ignore=self._of_the_home)
        (clone.folder / ".emulator").symlink_to(self.home.folder / ".emulator")
        return clone

    def _of_the_home(self, folder: str, names: list[str]) -> set[str]:
        return {".emulator", ".runs", "build"} if Path(folder) == self.home.folder else set()

    def _first(self) -> Clone:
        home = self._named("home")
        checkouts.copy(home.folder, kinds=("realtime",))
        _cut_down(home.folder)
        (home.folder / ".emulator").mkdir()
        return home

    def _named(self, name: str) -> Clone:
        tmp = self.folder / f"{name}-tmp"
        tmp.mkdir(parents=True)
        return Clone(self.folder / name, self._port, tmp)


def _cut_down(folder: Path) -> None:
    platform = yaml.safe_load((folder / PLATFORM).read_text(encoding="utf-8"))
    platform |= {"studio": {"enabled": False}, "feature_store": {"enabled": False}, "tags": {TAG: "a"}}
    platform["inference"] = {"lambda_in_vpc": False}
    platform["events"] = {"completions": "all"}
    _write(folder / PLATFORM, platform)
    reviews = yaml.safe_load((folder / REVIEWS).read_text(encoding="utf-8"))
    del reviews["routing"]
    _write(folder / REVIEWS, reviews)


def _write(file: Path, document: object) -> None:
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
