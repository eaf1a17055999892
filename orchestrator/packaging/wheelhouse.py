"""The wheels that travel with a model's code: chosen once, locked, cached, and the same on every machine.

Endpoints are isolated, so everything that `requirements.txt` needs and the image lacks is in the archive, and is
installed from there without network.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from orchestrator.config.images import Image, refused_packages
from orchestrator.errors import ConfigError, SetupError
from orchestrator.packaging import lock, pip, pip_problems, requirements
from orchestrator.packaging.lock import Package
from orchestrator.packaging.pip import PipFailed, Target
from orchestrator.packaging.requirements import Requirement
from orchestrator.system import trouble

T = TypeVar("T")

OWN = "wheels"
"""Folder of wheels that are on no index, beside a model's `requirements.txt`; and that of all wheels in an archive."""
LARGEST = 250 * 1024 * 1024
"""Limit of the wheels in an archive: each start of an endpoint unpacks and installs them."""
_HEAD = """\
# Written by the orchestrator from requirements.lock.txt. No hashes: pip would also require one of the code's folder.
--no-index
--find-links wheels
"""


class Wheelhouse:
    """All wheels of a checkout.

    Args:
        cache: folder that keeps downloaded wheels.
        local_python: interpreter that runs jobs on this machine instead of the images; `None` for AWS.
    """

    def __init__(self, cache: Path, local_python: Path | None = None) -> None:
        self._cache, self._local_python = cache, local_python

    def files(self, folder: Path, image: Image, packages: Sequence[str]) -> dict[str, bytes]:
        """Return the files that the packages of a model's folder add to its archive.

        Args:
            folder: has `requirements.txt`, and gets `requirements.lock.txt`.
            image: what trains and serves the model.
            packages: requirements of the framework; those of the folder replace them.

        Raises:
            ConfigError: there are no such packages for the image.
            SetupError: they cannot be downloaded.
        """
        required = requirements.read(folder)
        own = {each.name for each in required}
        required += [each for text in packages if (each := requirements.parse(text)) and each.name not in own]
        if not required:
            return {}
        if image.python is None:
            what = f"{folder / requirements.FILE}: {image.name} is not an image of a framework"
            raise ConfigError(f"{what}: install packages when you build it, and remove the file")
        chosen = self._locked(folder, image, required)
        target = pip.for_image(image)
        if self._local_python is not None:
            target = Target(self._local_python)
            chosen = self._local(target, folder, chosen, required)
        wheels = [self._wheel(target, folder, each) for each in self._fetched(target, folder, chosen)]
        _check_size(wheels, folder)
        pins = "".join(f"{each.pin}\n" for each in sorted(chosen))
        return {
            requirements.FILE: (_HEAD + pins).encode(),
            lock.FILE: (folder / lock.FILE).read_bytes(),
            **{f"{OWN}/{wheel.name}": wheel.read_bytes() for wheel in wheels},
        }

    def _locked(self, folder: Path, image: Image, required: Sequence[Requirement]) -> tuple[Package, ...]:
        """Return what the lock pins, after writing it if it is missing or belongs to other requirements."""
        inputs = lock.inputs_of(required, image, _own_wheels(folder))
        locked = lock.read(folder, inputs)
        if locked is None:
            chosen = _resolved(folder, image, required)
            held = [each.name for each in chosen if each.version.endswith(pip.HELD)]
            locked = tuple(each for each in chosen if each.name not in held)
            _check_refused(locked, folder)
            lock.write(folder, inputs, image, locked, held)
        return locked

    def _local(
        self, target: Target, folder: Path, locked: Sequence[Package], required: Sequence[Requirement]
    ) -> tuple[Package, ...]:
        """Return what the jobs' environment of this machine lacks, in the locked versions."""
        stamp = target.python.parents[1] / ".stamp"
        key = [str(target.python), stamp.read_text() if stamp.is_file() else "", *(each.line for each in locked)]
        key += [each.text for each in required]
        kept = self._cache / f"local-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]}.json"
        if not kept.is_file():
            texts, pins = [each.text for each in required], [each.pin for each in locked]
            chosen = _explained(target, folder, lambda: pip.resolve(target, texts, pins, _links(folder)))
            for missing in (each.name for each in chosen if each.name in refused_packages()):
                raise SetupError(
                    f"{target.python} has no `{missing}`, which the image holds and the model needs",
                    hint=f"Install it there, in a build for this machine: {target.python} -m pip install {missing}",
                )
            _put(kept, json.dumps([[each.name, each.version, each.sha256] for each in chosen]).encode())
        return tuple(Package(*each) for each in json.loads(kept.read_text()))

    def _fetched(self, target: Target, folder: Path, packages: Sequence[Package]) -> Sequence[Package]:
        """Download the wheels that are not in the cache."""
        missing = [each for each in packages if not self._cached(each)]
        if missing:
            with tempfile.TemporaryDirectory() as scratch:
                links = _links(folder)
                _explained(target, folder, lambda: pip.download(target, missing, links, Path(scratch)))
                for wheel in Path(scratch).glob("*.whl"):
                    content = wheel.read_bytes()
                    _put(self._cache / hashlib.sha256(content).hexdigest() / wheel.name, content)
        return packages

    def _wheel(self, target: Target, folder: Path, package: Package) -> Path:
        wheels = self._cached(package)
        if not wheels:
            raise SetupError(f"{folder / lock.FILE}: pip downloaded no wheel of {package.pin} for {target}")
        return wheels[0]

    def _cached(self, package: Package) -> list[Path]:
        return sorted((self._cache / package.sha256).glob("*.whl"))


def _resolved(folder: Path, image: Image, required: Sequence[Requirement]) -> list[Package]:
    """Choose packages that leave those of the image as they are, unless the folder requires others by name."""
    target = pip.for_image(image)
    named = {each.name for each in required} - image.server
    kept = {name: version for name, version in image.holds.items() if name not in named}
    try:
        return _chosen(target, folder, required, image.holds)
    except PipFailed as error:
        if "ResolutionImpossible" not in error.output or kept.keys() == image.holds.keys():
            raise pip_problems.problem(error, target, folder / requirements.FILE, _links(folder)) from error
    return _explained(target, folder, lambda: _chosen(target, folder, required, kept))


def _chosen(target: Target, folder: Path, required: Sequence[Requirement], holds: Mapping[str, str]) -> list[Package]:
    with tempfile.TemporaryDirectory() as scratch:
        held = Path(scratch) / "held"
        constraints = pip.write_held(held, holds)
        return pip.resolve(target, [each.text for each in required], constraints, [held, *_links(folder)])


def _explained(target: Target, folder: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except PipFailed as error:
        raise pip_problems.problem(error, target, folder / requirements.FILE, _links(folder)) from error


def _links(folder: Path) -> list[Path]:
    return [folder / OWN] if (folder / OWN).is_dir() else []


def _own_wheels(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / OWN).glob("*.whl")}


def _check_refused(packages: Sequence[Package], folder: Path) -> None:
    for package in packages:
        if package.name in refused_packages():
            raise ConfigError(f"{folder / requirements.FILE}: {refused_packages()[package.name]}")


def _check_size(wheels: Sequence[Path], folder: Path) -> None:
    sizes = {wheel.name: wheel.stat().st_size for wheel in wheels}
    if sum(sizes.values()) > LARGEST:
        largest = ", ".join(sorted(sizes, key=sizes.__getitem__, reverse=True)[:3])
        raise ConfigError(
            f"{folder / requirements.FILE}: its wheels have {sum(sizes.values()) >> 20} MiB, "
            f"and an archive may carry {LARGEST >> 20}; the largest: {largest}",
            hint="Require less, or bring an image that holds the packages (`framework.image`).",
        )


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with trouble.writing(path):
        draft.write_bytes(content)
    draft.replace(path)
