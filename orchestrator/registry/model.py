"""Model package groups, and what was imported into one."""

from __future__ import annotations

from dataclasses import dataclass

IMPORTED = "imported"
"""Key in the metadata of a version that was not trained here: where its archive came from."""


@dataclass(frozen=True)
class Group:
    """A model package group.

    Attributes:
        name: the name on the command line.
        full_name: the name in SageMaker.
        live_parameter: the parameter with the live version.
        tokens: the path of the parameters with tokens, one for each waiting version.
        machine: the name of the state machine that trains its versions; `None` if none does.
    """

    env: str
    name: str
    full_name: str
    live_parameter: str
    tokens: str
    machine: str | None

    @property
    def prefix(self) -> str:
        """The beginning of the names of the environment's resources."""
        return self.full_name.removesuffix(f"-{self.name}")


@dataclass(frozen=True)
class Container:
    """What serves an imported model.

    Attributes:
        image: its URI.
        environment: variables of the container.
        needed: files that the archive must hold; none for an image that brings its code.
        carries: a package that the image lacks, so that the archive must carry its wheels; empty if it lacks none.
    """

    image: str
    environment: dict[str, str]
    needed: tuple[str, ...] = ()
    carries: str = ""


@dataclass(frozen=True)
class Target:
    """Where an archive goes: the data bucket, and the key of versions' metadata, if the environment encrypts it."""

    bucket: str
    key_arn: str | None = None


@dataclass(frozen=True)
class Registered:
    """An imported version. `repeated`: the registry already had a version with the same bytes and image."""

    group: str
    number: int
    arn: str
    sha256: str
    repeated: bool
