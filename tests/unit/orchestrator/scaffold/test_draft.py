"""All files or none, and none twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import ConfigError
from orchestrator.scaffold.draft import Draft, require_name


def draft(tmp_path: Path) -> Draft:
    source = tmp_path / "data.csv"
    source.write_bytes(b"a\n1\n")
    return Draft({Path("one/a.yaml"): "größe: 1\n", Path("two/b.yaml"): "b"}, {Path("three/c.csv"): source})


def test_all_files_are_written(tmp_path: Path) -> None:
    written = draft(tmp_path).write(tmp_path)
    assert written == [Path("one/a.yaml"), Path("two/b.yaml"), Path("three/c.csv")]
    assert [(tmp_path / path).read_text(encoding="utf-8") for path in written] == ["größe: 1\n", "b", "a\n1\n"]


@pytest.mark.parametrize("taken", ["one/a.yaml", "two/b.yaml", "three/c.csv"])
def test_an_existing_file_stays_and_nothing_is_written(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).parent.mkdir()
    (tmp_path / taken).write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"{taken} exists already, and is not overwritten"):
        draft(tmp_path).write(tmp_path)
    assert [path for path in tmp_path.rglob("*.*") if path.name != "data.csv"] == [tmp_path / taken]
    assert (tmp_path / taken).read_text(encoding="utf-8") == "mine"


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="exists already"):
        draft(tmp_path).write(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_written_is_removed_if_the_rest_fails(tmp_path: Path) -> None:
    made = draft(tmp_path)
    (tmp_path / "data.csv").unlink()
    with pytest.raises(FileNotFoundError):
        made.write(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["", "a", "A", "house_prices", "-a", "a-", "1a", "a" * 33, "../a", "a.b"])
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is not a valid name for a dataset"):
        require_name(name, "dataset")
