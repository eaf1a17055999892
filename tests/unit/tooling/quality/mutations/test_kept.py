from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tooling.quality.mutations.kept import Digests, Reach, Store, callers
from tooling.quality.mutations.mutant import Mutant

MUTANT = Mutant("modules/one", "main.tf", "aws_x.this.kms_key_id", "encryption", "removed", (3, 9), "")
CALL = 'module "one" {\n  source = "../../modules/one"\n}\n'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for name, text in {
        "terraform/modules/one/main.tf": 'module "below" {\n  source = "../below"\n}\n',
        "terraform/modules/one/versions.tf": "",
        "terraform/modules/one/README.md": "words",
        "terraform/modules/one/tests/one.tftest.hcl": "run",
        "terraform/modules/one/examples/basic/main.tf": "example",
        "terraform/modules/below/main.tf": "below",
        "terraform/modules/beside/main.tf": "beside",
        "terraform/modules/beside/tests/beside.tftest.hcl": "run",
        "terraform/phases/1-caller/main.tf": CALL,
        "terraform/phases/1-caller/versions.tf": "",
        "terraform/phases/1-caller/example.outputs.json": "{}",
        "terraform/phases/1-caller/tests/caller.tftest.hcl": "run",
        "terraform/phases/2-other/main.tf": "",
        "terraform/phases/2-other/versions.tf": "",
        "terraform/phases/2-other/tests/other.tftest.hcl": "run",
        "tests/terraform/mocks/aws.tfmock.hcl": "mock",
    }.items():
        file = tmp_path / "repository" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "repository"


@pytest.fixture
def holds(repo: Path, tmp_path: Path) -> Callable[..., list[Reach]]:
    """Which verdicts still hold, one per reach, after the content of one file became another."""
    file = tmp_path / "kept" / "verdicts.jsonl"

    def after(change: str = "", *, tools: str = "rules 1", mutant: Mutant = MUTANT) -> list[Reach]:
        file.unlink(missing_ok=True)
        held = []
        for reach in Reach:
            Store(file, Digests(repo, "rules 1")).add(MUTANT, ("MLOPS_A_1",), (), reach)
        if change:
            (repo / change).write_text((repo / change).read_text(encoding="utf-8") + "\n", encoding="utf-8")
            callers.cache_clear()
        lines = file.read_text(encoding="utf-8").splitlines()
        for reach, line in zip(Reach, lines, strict=True):
            file.write_text(line + "\n", encoding="utf-8")
            kept_verdicts = Store(file, Digests(repo, tools)).lookup([mutant])
            assert kept_verdicts in ({}, {mutant: (("MLOPS_A_1",), (), reach)})
            held += [reach] if kept_verdicts else []
        return held

    return after


@pytest.mark.parametrize(
    ("change", "still"),
    [
        ("", list(Reach)),
        ("terraform/modules/one/README.md", list(Reach)),
        ("terraform/modules/one/main.tf", []),
        ("terraform/modules/one/examples/basic/main.tf", []),
        ("terraform/modules/below/main.tf", []),
        ("terraform/modules/one/tests/one.tftest.hcl", [Reach.SOURCE]),
        ("tests/terraform/mocks/aws.tfmock.hcl", [Reach.SOURCE]),
        ("terraform/phases/1-caller/example.outputs.json", [Reach.SOURCE]),
        ("terraform/phases/1-caller/main.tf", [Reach.SOURCE, Reach.TESTS]),
        ("terraform/phases/1-caller/tests/caller.tftest.hcl", [Reach.SOURCE, Reach.TESTS]),
        ("terraform/modules/beside/main.tf", [Reach.SOURCE, Reach.TESTS, Reach.CALLERS]),
        ("terraform/phases/2-other/main.tf", [Reach.SOURCE, Reach.TESTS, Reach.CALLERS]),
        ("terraform/modules/beside/tests/beside.tftest.hcl", list(Reach)),
    ],
)
def test_a_change_invalidates_the_verdicts_that_depend_on_it(
    holds: Callable[..., list[Reach]], change: str, still: list[Reach]
) -> None:
    assert holds(change) == still


def test_the_tests_of_another_caller_run(repo: Path, holds: Callable[..., list[Reach]]) -> None:
    assert holds() == list(Reach)
    store = Store(repo.parent / "callers.jsonl", Digests(repo, "rules 1"))
    store.add(MUTANT, (), (), Reach.CALLERS)
    assert store.lookup([MUTANT])
    (repo / "terraform/phases/2-other/main.tf").write_text(CALL, encoding="utf-8")
    callers.cache_clear()
    assert not Store(repo.parent / "callers.jsonl", Digests(repo, "rules 1")).lookup([MUTANT])


def test_other_rules_or_programs_cost_every_verdict(holds: Callable[..., list[Reach]]) -> None:
    assert holds(tools="rules 2") == []


@pytest.mark.parametrize(
    "other",
    [
        replace(MUTANT, replacement="null"),
        replace(MUTANT, span=(4, 9)),
        replace(MUTANT, category="input guards"),
        replace(MUTANT, file="other.tf"),
    ],
)
def test_another_change_has_no_verdict_yet(holds: Callable[..., list[Reach]], other: Mutant) -> None:
    assert holds(mutant=other) == []


def test_a_line_that_was_cut_off_is_tried_again(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "verdicts.jsonl"
    whole = replace(MUTANT, change="other")
    store = Store(file, Digests(repo, "rules 1"))
    store.add(whole, (), ("test of modules/one: a_run",), Reach.TESTS)
    store.add(MUTANT, (), (), Reach.EVERYTHING)
    file.write_text(file.read_text(encoding="utf-8")[:-10], encoding="utf-8")
    assert store.lookup([MUTANT, whole]) == {whole: ((), ("test of modules/one: a_run",), Reach.TESTS)}
