"""A tree is split into roots without losing code."""

from __future__ import annotations

from pathlib import Path

from orchestrator.policy.roots import parts


def code(folder: Path, *calls: str, size: int = 0) -> Path:
    folder.mkdir(parents=True)
    blocks = [f'module "m{number}" {{\n  source = "{source}"\n}}\n' for number, source in enumerate(calls)]
    (folder / "main.tf").write_text("".join(blocks) + "#" * size)
    return folder


def test_called_modules_are_scanned_with_their_callers_and_others_by_themselves(tmp_path: Path) -> None:
    called = code(tmp_path / "modules" / "called")
    code(called / "examples" / "small", "../..")
    alone = code(tmp_path / "modules" / "alone")
    small = code(tmp_path / "phases" / "1", "../../modules/called")
    large = code(tmp_path / "phases" / "2", "../../modules/called", size=1000)

    assert parts(tmp_path) == [large, small, alone]


def test_a_root_below_another_belongs_to_its_scan(tmp_path: Path) -> None:
    outer = code(tmp_path / "phases" / "2", size=10)
    code(outer / "side", "../../../modules/only-there")
    code(tmp_path / "modules" / "only-there")

    assert parts(tmp_path) == [outer]


def test_code_in_the_folder_itself_makes_it_one_part(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    code(tmp_path / "below")

    assert parts(tmp_path) == [tmp_path]


def test_modules_that_only_call_each_other_are_not_lost(tmp_path: Path) -> None:
    code(tmp_path / "root")
    code(tmp_path / "a", "../b")
    code(tmp_path / "b", "../a")

    assert parts(tmp_path) == [tmp_path]


def test_a_tree_with_unresolvable_calls_is_scanned_whole(tmp_path: Path) -> None:
    code(tmp_path / "root", "terraform-aws-modules/vpc/aws")
    code(tmp_path / "other")

    assert parts(tmp_path) == [tmp_path]


def test_a_tree_without_code_has_no_parts(tmp_path: Path) -> None:
    assert parts(tmp_path) == []
