"""Read `docs/coverage.yaml`: where each part of the specification is implemented and which tests prove it.

Tests have their pytest ids (`tests/…/test_x.py::test_y`; without a parameter, all parameters count), or, for a `run`
block of `terraform test`, `terraform/modules/<m>/tests/<file>.tftest.hcl::<run>`.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

REPO = Path(__file__).resolve().parents[2]
SOURCE = Path("docs/coverage.yaml")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seven times as fast, if PyYAML was built with libyaml
RUN = re.compile(r'^run "(\w+)" \{$', re.MULTILINE)

Reality = Literal["executed", "emulated", "recorded", "stand-in", "not-run", "files only"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Removal(Part):
    """A removal that a test has to catch: a whole block, or a text that is replaced."""

    file: str
    block: str | None = Field(None, description="as in `resource.aws_flow_log.this`")
    text: str | None = None
    becomes: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Removal:
        if (self.block is None) == (self.text is None):
            raise ValueError("a removal needs exactly one of `block` and `text`")
        return self

    def apply(self, source: str) -> str:
        """Return the source without it. Raises `ValueError` unless it occurs exactly once."""
        if self.text is not None:
            pattern = re.escape(self.text)
        else:
            kind, *labels = str(self.block).split(".")
            named = "".join(f' "{re.escape(label)}"' for label in labels)
            pattern = rf"(?ms)^{kind}{named} \{{\n.*?^\}}\n"
        becomes = self.becomes
        changed, times = re.subn(pattern, lambda match: becomes, source)
        if times != 1:
            raise ValueError(f"{self.file}: {self.block or self.text!r} occurs {times} times, must occur once")
        return changed


class Row(Part):
    id: str = Field(pattern=r"^[A-Z]\d[a-d]?\.[a-z0-9-]+$")
    text: str
    where: list[str] = Field(min_length=1, description="files")
    tests: list[str] = Field(min_length=1)
    locally: Reality
    note: str = ""
    remove: list[Removal] = Field(min_length=1)

    @property
    def files(self) -> list[str]:
        """Every file that the row names."""
        return sorted({*self.where, *(test.split("::")[0] for test in self.tests), *(r.file for r in self.remove)})

    def digest(self, repo: Path = REPO) -> str:
        """Hash the row and the content of its files."""
        content = hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode())
        for file in self.files:
            content.update((repo / file).read_bytes())
        return content.hexdigest()[:16]


def load(repo: Path = REPO) -> list[Row]:
    """Read all rows in file order. Raises `ValueError` for duplicate ids."""
    rows = [Row.model_validate(each) for each in yaml.load((repo / SOURCE).read_text(encoding="utf-8"), _LOADER)]
    ids = [row.id for row in rows]
    twice = {each for each in ids if ids.count(each) > 1}
    if twice:
        raise ValueError(f"{SOURCE}: duplicate ids: {', '.join(sorted(twice))}")
    return rows


def problems(row: Row, repo: Path = REPO) -> list[str]:
    """List files, tests and removals that a row names and that do not exist."""
    missing = [f"{row.id}: {file} does not exist" for file in row.files if not (repo / file).is_file()]
    if missing:
        return missing
    for test in row.tests:
        file, _, name = test.partition("::")
        if name.partition("[")[0] not in _names(repo / file):
            missing.append(f"{row.id}: {file} has no test {name}")
    for removal in row.remove:
        try:
            removal.apply((repo / removal.file).read_text(encoding="utf-8"))
        except ValueError as error:
            missing.append(f"{row.id}: {error}")
    return missing


@cache
def _names(file: Path) -> frozenset[str]:
    """Return the names of a file's tests."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".hcl":
        return frozenset(RUN.findall(text))
    return frozenset(node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))


def pytest_ids(test: str) -> str:
    """Return the pytest id that runs a named test; a `run` block runs with the rest of its folder."""
    file, _, _ = test.partition("::")
    if not file.endswith(".tftest.hcl"):
        return test
    folder = Path(file).parent.parent.relative_to("terraform").as_posix()
    return f"tests/terraform/test_terraform_tests.py::test_terraform_test[{folder}]"


def outcome(test: str, results: dict[str, str]) -> str | None:
    """Return the outcome of a named test, the worst over its parameters; `None` if it did not run."""
    ended = {end for name, end in results.items() if name == test or name.startswith(f"{test}[")}
    return next((each for each in ("failed", "skipped", "passed") if each in ended), None)
