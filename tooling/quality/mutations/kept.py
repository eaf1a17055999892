"""Keep verdicts of earlier runs, each valid until something changes that it depends on.

A verdict names the last check that ran (`Reach`): if a policy caught the mutant, changes of the module's tests do not
matter; a survivor went through all checks. So a change invalidates only the verdicts that depend on it. Verdicts are
appended as they are reached: an interrupted run continues where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from orchestrator.terraform import source_files
from tooling.quality.mutations.mutant import Mutant

OWN_CODE = (
    "tooling/quality/mutations/catch.py",
    "tooling/quality/mutations/kept.py",
    "tooling/quality/mutations/plans.py",
    "tooling/docs/permissions.py",
    "tooling/hcl/tree.py",
    "orchestrator/terraform/source_files.py",
)
"""What decides how a mutant is tried. `table.py` and `generate.py` decide what it is, which is in its own key."""


class Reach(StrEnum):
    """The last check that ran, in this order; each depends on all that the earlier ones depend on."""

    SOURCE = "source"
    """Policies and the permissions page, about the module and what it calls."""
    TESTS = "tests"
    """The module's own tests."""
    CALLERS = "callers"
    """The tests of the roots that call it."""
    EVERYTHING = "everything"
    """The gate, about all the source."""


class Digests:
    """Digests of all that a verdict depends on, by its reach.

    Args:
        repo: a copy of the repository's Terraform and policies that does not change.
        tools: dependencies of every folder: programs, their versions, rules.
    """

    def __init__(self, repo: Path, tools: str) -> None:
        self._repo, self._tools = repo.resolve(), tools
        self._terraform = self._repo / "terraform"
        self._known: dict[tuple[str, Reach], str] = {}

    def of(self, folder: str, reach: Reach) -> str:
        key = folder, reach
        if key not in self._known:
            self._known[key] = _hashed(self._parts(self._terraform / folder, reach))
        return self._known[key]

    def _parts(self, folder: Path, reach: Reach) -> Iterator[str]:
        name = folder.relative_to(self._terraform).as_posix()
        match reach:
            case Reach.SOURCE:
                yield self._tools
                own = (file for file in _files(folder) if "tests" not in file.relative_to(folder).parts)
                yield from self._contents({*own, *source_files.files(folder)})
            case Reach.TESTS:
                yield self.of(name, Reach.SOURCE)
                yield from self._contents(_files(folder / "tests"))
                yield from self._contents(_files(self._repo / "tests"))  # mocks
                # Roots are tested with what the roots before them promise.
                yield from self._contents(self._terraform.glob("phases/*/example.outputs.json"))
            case Reach.CALLERS:
                yield self.of(name, Reach.TESTS)
                for root in callers(self._terraform).get(folder, ()):
                    yield self.of(root.relative_to(self._terraform).as_posix(), Reach.TESTS)
            case Reach.EVERYTHING:
                yield self.of(name, Reach.CALLERS)
                yield from self._contents(file for file in _files(self._terraform) if file.suffix == ".tf")

    def _contents(self, files: Iterable[Path]) -> Iterator[str]:
        for file in sorted(files):
            if file.name != "README.md":
                yield f"{file.relative_to(self._repo)} {_content(file)}"


class Store:
    """The file of verdicts, one JSON object a line. Several processes may add to it at once."""

    def __init__(self, file: Path, digests: Digests) -> None:
        self._file, self._digests = file, digests

    def lookup(self, mutants: Iterable[Mutant]) -> dict[Mutant, tuple[tuple[str, ...], tuple[str, ...], Reach]]:
        """Return policies, tests and reach of the mutants whose verdict is still valid."""
        records = self._records()
        held = {}
        for mutant in mutants:
            for record in records.get(key_of(mutant), ()):
                reach = Reach(record["reach"])
                if record["digest"] == self._digests.of(mutant.folder, reach):
                    held[mutant] = tuple(record["policies"]), tuple(record["tests"]), reach
        return held

    def add(self, mutant: Mutant, policies: tuple[str, ...], tests: tuple[str, ...], reach: Reach) -> None:
        record = {
            "key": key_of(mutant),
            "name": mutant.name,
            "reach": reach.value,
            "digest": self._digests.of(mutant.folder, reach),
            "policies": policies,
            "tests": tests,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # One write, so that lines of two processes cannot run into each other.
            os.write(handle, f"{json.dumps(record)}\n".encode())
        finally:
            os.close(handle)

    def _records(self) -> Mapping[str, list[dict[str, str]]]:
        records: dict[str, list[dict[str, str]]] = {}
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                try:
                    record = json.loads(line)
                except ValueError:
                    continue  # cut off with its run; that mutant is tried again
                records.setdefault(record["key"], []).append(record)
        return records


def key_of(mutant: Mutant) -> str:
    """Return the key of a change itself. The digest covers the file that it changes."""
    span, category = f"{mutant.span[0]}-{mutant.span[1]}", mutant.category
    return _hashed((mutant.folder, mutant.file, mutant.name, category, span, mutant.replacement, mutant.addition))


@cache
def callers(terraform: Path) -> dict[Path, list[Path]]:
    """Map modules to the roots that call them, by resolved folders."""
    roots: dict[Path, list[Path]] = {}
    for root in sorted(file.parent for file in (terraform / "phases").rglob("versions.tf")):
        if ".terraform" not in root.parts:
            for module in source_files.called(root):
                roots.setdefault(module, []).append(root)
    return roots


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and ".terraform" not in path.parts)


def _content(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hashed(parts: Iterable[str]) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(f"{part}\n".encode())
    return hashed.hexdigest()
