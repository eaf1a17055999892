"""Say why pip finds no wheel, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import ConfigError, PlatformError, SetupError
from orchestrator.packaging import pip
from orchestrator.packaging.pip import HELD, PipFailed, Target

_MISSING = re.compile(r"satisfies the requirement (.+?)(?: \(from (?!versions: )(.+?)\))? \(from versions: ")
_CONFLICT = re.compile(r"The conflict is caused by:\n(.+?)\n\s*\n", re.DOTALL)
_UNREACHABLE = re.compile(r"Could not fetch URL \S+?: (?:connection error|There was a problem confirming the ssl)")
_TAGS = re.compile(r"none of the wheel's tags \((.+?)\) are compatible")
_OTHER_PYTHON = re.compile(r"require a different Python version: (.+)")
_PYTHON = re.compile(r"Package '(.+?)' requires a different Python: .+? not in '(.+?)'")
_VERSIONS = re.compile(r"\(from versions: (.+)\)")
_SOURCES = "No sources permitted for"
_CONSTRAINT = re.compile(r"The user requested \(constraint\) ([a-z0-9-]+)==(\S+?)" + re.escape(HELD))
_OWN_WHEEL = "build a wheel of it, and put that into the folder `wheels` beside requirements.txt"
_MOST_SHOWN = 8


def problem(failed: PipFailed, target: Target, file: Path, links: Sequence[Path]) -> PlatformError:
    """Return the error to report for a failed choice of packages."""
    missing = _MISSING.search(failed.output)
    if missing is not None:
        requirement, parents = missing.groups()
        needed = f"{requirement} (needed by {parents})" if parents else requirement
        return _missing(needed, pip.explain(target, requirement, links), target, file)
    if (python := _PYTHON.search(failed.output)) is not None:
        what = f"{file}: {python[1]} needs another Python ({python[2]}) than that of {target}"
        return ConfigError(what, hint=f"Require an older version of {python[1]}.")
    if "ResolutionImpossible" in failed.output:
        return _conflict(failed.output, target, file)
    errors = [line.partition("ERROR: ")[2] for line in failed.output.splitlines() if line.startswith("ERROR: ")]
    last = failed.output.strip().splitlines()[-1:] or ["it printed nothing"]
    return SetupError(f"pip cannot provide the packages of {file}: {(errors or last)[0]}")


def _missing(needed: str, details: str, target: Target, file: Path) -> PlatformError:
    if _UNREACHABLE.search(details):
        return SetupError(
            f"the packages of {file} cannot be chosen: the package index of pip's configuration cannot be reached",
            hint="Check the network and `pip config list`. With a committed requirements.lock.txt and wheels that are "
            "in .cache/wheels, no index is needed.",
        )
    versions = _VERSIONS.search(details)
    if versions is not None and versions[1] != "none":
        return ConfigError(
            f"{file}: {needed}: no such version has a wheel for {target}; available: {_tail(versions[1])}"
        )
    if (other := _OTHER_PYTHON.search(details)) is not None:
        return ConfigError(
            f"{file}: {needed}: its wheels need another Python than that of {target}: {_tail(other[1], ';')}"
        )
    if tags := _there_is(details):
        return ConfigError(f"{file}: {needed} has no wheel for {target}; there are wheels for {tags}", hint=_hint())
    if _SOURCES in details:
        return ConfigError(
            f"{file}: {needed} has no wheels, only source archives, which would have to be built without network "
            "where the model runs",
            hint=_hint(),
        )
    return ConfigError(f"{file}: {needed}: the package index of pip's configuration has no such package")


def _hint() -> str:
    return f"Require another version or package, or {_OWN_WHEEL}."


def _there_is(details: str) -> str:
    """List the tags of all wheels that do not fit: Python versions and platforms, each once."""
    tags = [tag.strip() for group in _TAGS.findall(details) for tag in group.split(",")]
    pythons = sorted({tag.split("-")[0] for tag in tags}, key=_by_number)
    platforms = sorted({re.sub(r"_\d+", "", tag.split("-")[-1]) for tag in tags})
    return f"{', '.join(pythons)} on {', '.join(platforms)}" if tags else ""


def _by_number(tag: str) -> tuple[str, int]:
    letters = tag.rstrip("0123456789")
    return letters, int(tag[len(letters) :] or 0)


def _tail(text: str, separator: str = ",") -> str:
    parts = [part.strip() for part in text.split(separator)]
    return ("…, " if len(parts) > _MOST_SHOWN else "") + ", ".join(parts[-_MOST_SHOWN:])


def _conflict(output: str, target: Target, file: Path) -> PlatformError:
    match = _CONFLICT.search(output)
    lines = [line.strip() for line in (match[1] if match else output).splitlines() if line.strip()]
    held = [match[1] for line in lines if (match := _CONSTRAINT.search(line))]
    shown = "; ".join(dict.fromkeys(_CONSTRAINT.sub(r"the image holds \1 \2", line) for line in lines))
    server = sorted(set(held) & (target.image.server if target.image else frozenset()))
    if server:
        hint = f"The image's own server needs its version of {', '.join(server)}: choose packages that accept it."
    elif held:
        hint = f"To replace the version in the image, require one of {', '.join(dict.fromkeys(held))} explicitly."
    else:
        hint = "Loosen the versions."
    return ConfigError(f"{file}: the packages exclude each other for {target}: {shown}", hint=hint)
