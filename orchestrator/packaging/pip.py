"""Run pip: choose wheels for an image or for this machine's Python, and download them.

The package index, its credentials and certificates are those of the user's own pip configuration.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from orchestrator.config.images import Image
from orchestrator.errors import SetupError
from orchestrator.packaging.lock import Package
from orchestrator.system import process

HELD = "+held"
"""Marks the version of a package that is in the image already."""
_SHIM = Path(__file__).with_name("pip_for_image.py")
_SECONDS = 900.0
_OLDEST_GLIBC = 5
_LEGACY = ("manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64", "linux_x86_64")
_NOT_PASSED = ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_BINARY", "PIP_REQUIRE_HASHES")
"""Settings of pip that would install somewhere else, or choose other files."""
_PASSED = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "NETRC"),
    *("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *(name for proxy in ("http_proxy", "https_proxy", "no_proxy") for name in (proxy, proxy.upper())),
)


class PipFailed(Exception):
    """pip ended with an error; `output` is what it printed."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


@dataclass(frozen=True)
class Target:
    """The Python that packages are chosen for: an image's, or that of an interpreter on this machine."""

    python: Path
    image: Image | None = None

    def __str__(self) -> str:
        if self.image is None:
            return f"the Python of jobs on this machine ({self.python})"
        return f"{self.image.name} (Python {self.image.python}, Linux x86_64, glibc {self.image.glibc})"


def for_image(image: Image) -> Target:
    return Target(Path(sys.executable), image)


def resolve(
    target: Target, requirements: Sequence[str], constraints: Sequence[str], links: Sequence[Path]
) -> list[Package]:
    """Choose wheels for requirements and their dependencies. Those with the version `…+held` are in the image.

    Args:
        target: whose Python they are for; without an image, packages that are installed there count as held.
        requirements: lines of a requirements file.
        constraints: versions that are fixed, if the package is required at all.
        links: folders with further wheels.

    Raises:
        PipFailed: they cannot be chosen.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        report = folder / "report.json"
        options = ["--dry-run", "--report", str(report)]
        if target.image is not None:
            options += ["--ignore-installed", "--target", str(folder / "nowhere")]
        _run(target, "install", [*options, *_files(folder, requirements, constraints), *_links(links)])
        document = json.loads(report.read_text(encoding="utf-8"))
    if target.image is not None:
        _check_python(target.image, document["install"])
    return [_package(each) for each in document["install"]]


def explain(target: Target, requirement: str, links: Sequence[Path]) -> str:
    """Return what pip prints about all files of one requirement, which it cannot satisfy."""
    with tempfile.TemporaryDirectory() as scratch:
        options = ["-vv", "--no-deps", "--dry-run", "--ignore-installed", "--target", scratch, *_links(links)]
        try:
            return _run(target, "install", [*options, requirement])
        except PipFailed as error:
            return error.output


def download(target: Target, packages: Sequence[Package], links: Sequence[Path], folder: Path) -> None:
    """Download exactly these wheels into a folder.

    Raises:
        PipFailed: one does not exist any more, or has other bytes.
    """
    with tempfile.TemporaryDirectory() as scratch:
        files = _files(Path(scratch), [each.line for each in packages], ())
        _run(target, "download", ["--no-deps", "--require-hashes", "--dest", str(folder), *files, *_links(links)])


def write_held(folder: Path, holds: Mapping[str, str]) -> list[str]:
    """Write an empty wheel for each package that an image holds, and return the constraints that select them.

    So packages of the image have no dependencies to be carried, and versions that an index no longer has.
    """
    folder.mkdir()
    for name, version in holds.items():
        stem = f"{name.replace('-', '_')}-{version}{HELD}"
        information = f"{stem}.dist-info"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}{HELD}\n"
            wheel.writestr(f"{information}/METADATA", metadata)
            wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{information}/RECORD", "")
    return [f"{name}=={version}{HELD}" for name, version in holds.items()]


def _files(folder: Path, requirements: Sequence[str], constraints: Sequence[str]) -> list[str]:
    arguments = []
    for option, lines in (("--requirement", requirements), ("--constraint", constraints)):
        path = folder / f"{option.strip('-')}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        arguments += [option, str(path)]
    return arguments


def _links(folders: Sequence[Path]) -> list[str]:
    return [part for folder in folders for part in ("--find-links", str(folder))]


def _check_python(image: Image, entries: Sequence[Mapping[str, Any]]) -> None:
    """Check what packages say about Python: older versions of pip do it for the Python that they run in."""
    python = f"{image.python}.99"
    for metadata in (entry["metadata"] for entry in entries):
        required = metadata.get("requires_python", "")
        if not SpecifierSet(required).contains(python):
            raise PipFailed(f"Package '{metadata['name']}' requires a different Python: {python} not in '{required}'")


def _package(entry: Mapping[str, Any]) -> Package:
    metadata, source = entry["metadata"], entry["download_info"]
    hashes = source.get("archive_info", {}).get("hashes", {})
    name, version = canonicalize_name(metadata["name"]), metadata["version"]
    if "sha256" not in hashes:
        raise SetupError(f"the package index has no sha256 of {name} {version}, which cannot be pinned therefore")
    return Package(name, version, hashes["sha256"])


def _run(target: Target, command: str, arguments: Sequence[str]) -> str:
    argv: list[str | Path] = [target.python, "-I"]
    image = target.image
    if image is None:
        argv += ["-m", "pip", command]
    else:
        assert image.python is not None
        platforms = [*_LEGACY, *(f"manylinux_2_{minor}_x86_64" for minor in _minors(image))]
        argv += [_SHIM, image.python, command, "--implementation", "cp", "--python-version", image.python]
        argv += [part for platform in platforms for part in ("--platform", platform)]
    argv += ["--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", *arguments]
    done = process.run(argv, env=_environment(), timeout=_SECONDS, ok=None)
    output = done.stdout + done.stderr
    if done.exit_code:
        raise PipFailed(output)
    return output


def _minors(image: Image) -> range:
    major, _, minor = str(image.glibc).partition(".")
    assert major == "2"
    return range(_OLDEST_GLIBC, int(minor) + 1)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or (name.startswith("PIP_") and name not in _NOT_PASSED)
    }
