"""Choose the image that trains or serves a model, from the table in `images.yaml`. Pure.

A framework runs a user's `train.py` and `inference.py` in one of AWS's images, a built-in algorithm has an image to
itself, and an own image is a URI in ECR.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml

from orchestrator.config.problems import InvalidValue, nearest

TABLE = Path(__file__).with_name("images.yaml")
URI = re.compile(
    r"(?P<registry>\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)/"
    r"(?P<repository>[^\s:@]+)[:@](?P<tag>\S+)"
)


class Choice(Protocol):
    """What an environment file says about the image: exactly one of `name`, `algorithm` and `image`."""

    @property
    def name(self) -> str | None: ...
    @property
    def version(self) -> str | None: ...
    @property
    def algorithm(self) -> str | None: ...
    @property
    def image(self) -> str | None: ...


@dataclass(frozen=True)
class Chosen:
    """A choice that no environment file makes."""

    name: str | None = None
    version: str | None = None
    algorithm: str | None = None
    image: str | None = None


@dataclass(frozen=True)
class Image:
    """An image and what is known about its content."""

    repository: str
    tag: str
    python: str | None = None
    """`3.10`; `None` if the content is not known, so that no packages can be chosen for it."""
    glibc: str | None = None
    holds: Mapping[str, str] = field(default_factory=dict)
    """Packages in the image, with their versions."""
    server: frozenset[str] = frozenset()
    """Packages that must keep their version, or the image's own programs fail."""
    uri: str | None = None
    """The whole URI of an own image; Terraform finds the registry of the others."""

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.tag}"


def image_of(choice: Choice, region: str, *, serving: bool = False) -> Image:
    """Return the image that trains, or serves, such a model.

    Raises:
        InvalidValue: unknown framework, version or algorithm, or an image that is not in this region.
    """
    if choice.image is not None:
        return _own_image(choice.image, region)
    if choice.algorithm is not None:
        return _algorithm(choice.algorithm, region)
    framework = _framework(choice)
    return _image(framework["serving" if serving else "training"])


def packages_of(choice: Choice) -> tuple[str, ...]:
    """Return the requirements that a framework adds to those of the model's folder.

    Raises:
        InvalidValue: unknown framework or version.
    """
    if choice.name is None:
        return ()
    framework = _framework(choice)
    own = (f"{framework['package']}=={choice.version or framework['version']}",) if "package" in framework else ()
    return (*own, *framework.get("packages", ()))


@cache
def refused_packages() -> Mapping[str, str]:
    """Map packages that must not be carried to what to do instead."""
    table: dict[str, str] = _table()["refused"]
    return table


def _framework(choice: Choice) -> dict[str, Any]:
    known: dict[str, dict[str, Any]] = _table()["frameworks"]
    name = str(choice.name)
    if name not in known:
        raise InvalidValue(f"is not a framework; available: {', '.join(known)}", nearest(name, known))
    framework = known[name]
    if choice.version not in (None, framework["version"]) and "package" not in framework:
        raise InvalidValue(f"is not a version of {name}; available: {framework['version']}")
    return framework


def _algorithm(name: str, region: str) -> Image:
    known: dict[str, dict[str, Any]] = _table()["algorithms"]
    if name not in known:
        raise InvalidValue(f"is not a built-in algorithm; available: {', '.join(known)}", nearest(name, known))
    row = known[name]
    if region not in row.get("regions", (region,)):
        raise InvalidValue(f"is not offered in {region}; regions: {', '.join(row['regions'])}")
    return Image(row["repository"], row.get("tag", "1"))


def _own_image(uri: str, region: str) -> Image:
    match = URI.fullmatch(uri)
    if match is None:
        raise InvalidValue("must be an image in ECR: <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>")
    if match["region"] != region:
        raise InvalidValue(f"must be in {region}: SageMaker pulls images from its own region only")
    return Image(match["repository"], match["tag"], uri=uri)


def _image(name: str) -> Image:
    row = _table()["images"][name]
    repository, _, tag = name.partition(":")
    return Image(repository, tag, row["python"], row["glibc"], row["holds"], frozenset(row["server"]))


@cache
def _table() -> dict[str, Any]:
    # Every value is text: a version such as 1.10 must not become a number.
    table: dict[str, Any] = yaml.load(TABLE.read_text(encoding="utf-8"), yaml.BaseLoader)
    return table
