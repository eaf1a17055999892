"""The wording ratchet: what it counts, and that counts only fall."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tooling.quality import words

ENTRIES = """
- pattern: whoever
  use: the caller
- pattern: (?:is|are) told
  use: receives
- name: found
  use: matches
"""
ALLOWED = """
- text: policy.whoever
  files: "moved/*.md"
  reason: an address
"""
COUNTS = {".": {"name found": 0}, "docs": {"whoever": 1, "(?:is|are) told": 1}}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with two documents and committed counts."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "tooling" / "quality").mkdir(parents=True)
    (tmp_path / words.WORDS).write_text(ENTRIES, encoding="utf-8")
    (tmp_path / words.ALLOWED).write_text(ALLOWED, encoding="utf-8")
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved/c.md").write_text("policy.whoever\n", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("Whoever calls is\ntold so.\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("plain\n", encoding="utf-8")
    add(tmp_path)
    assert words.write(tmp_path) == []
    return tmp_path


def add(repo: Path) -> None:
    subprocess.run(["git", "add", "--all"], cwd=repo, check=True)


def matched(file: str, text: str) -> list[str]:
    entries = [words.word(each) for each in yaml.safe_load(ENTRIES)]
    return [match.text for match in words.matches(file, text, entries)]


def test_the_committed_counts_are_current() -> None:
    assert words.check() == []


def test_every_word_of_the_list_can_be_compiled_and_has_a_replacement() -> None:
    entries = words.load_words()
    assert len({each.id for each in entries}) == len(entries) > 30
    assert all(each.use.strip() for each in entries)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("a.md", "Whoever", ["whoever"]),
        ("a.tf", "# who is\n# told", ["is # told"]),
        ("a.py", "def test_whoever_asks(): ...", ["whoever"]),
        ("a.py", "found = 1", ["found"]),
        ("a.py", "found: dict[str, int] = {}", ["found"]),
        ("a.py", "f(found=1)", ["found"]),
        ("a.py", "if found == 1: pass", []),
        ("a.py", "newfound = self.found = 1", []),
        ("a.md", "found = 1", []),
        ("a.md", "whoeverx is toldest", []),
    ],
)
def test_whole_words_wrapped_phrases_and_assigned_names_are_matched(file: str, text: str, expected: list[str]) -> None:
    assert matched(file, text) == expected


def test_counts_are_kept_by_folder_of_at_most_two_levels(repo: Path) -> None:
    assert words.load_counts(repo) == COUNTS
    assert words.folder("a/b/c/d.py") == "a/b"
    assert words.folder("README.md") == "."


def test_a_risen_count_is_refused_by_check_and_by_write(repo: Path) -> None:
    (repo / "b.md").write_text("whoever\n", encoding="utf-8")
    assert words.check(repo)[0] == ".: `whoever` none -> 1"
    assert words.write(repo) == ["`whoever`: 1 -> 2"]
    assert words.load_counts(repo) == COUNTS


def test_a_fallen_count_has_to_be_written(repo: Path) -> None:
    (repo / "docs/a.md").write_text("whoever\n", encoding="utf-8")
    assert words.check(repo)[:2] == [".: `(?:is|are) told` none -> 0", "docs: `(?:is|are) told` 1 -> none"]
    assert words.write(repo) == []
    assert words.check(repo) == []


def test_a_moved_file_takes_its_counts_to_the_new_folder(repo: Path) -> None:
    (repo / "docs/a.md").rename(repo / "a.md")
    add(repo)
    assert "docs: `whoever` 1 -> none" in words.check(repo)
    assert words.write(repo) == []
    assert words.check(repo) == []


def test_a_word_that_is_new_to_the_list_can_be_written(repo: Path) -> None:
    (repo / words.WORDS).write_text(ENTRIES + "- pattern: plain\n  use: simple\n", encoding="utf-8")
    assert words.check(repo)[0] == ".: `plain` none -> 1"
    assert words.write(repo) == []


def test_a_word_without_occurrences_cannot_return(repo: Path) -> None:
    (repo / "docs/a.md").write_text("plain\n", encoding="utf-8")
    assert words.write(repo) == []
    (repo / "docs/a.md").write_text("whoever\n", encoding="utf-8")
    assert words.check(repo)[:2] == [".: `whoever` 0 -> none", "docs: `whoever` none -> 1"]
    assert words.write(repo) == ["`whoever`: 0 -> 1"]


def test_a_text_is_allowed_only_as_a_whole_and_in_its_files(repo: Path) -> None:
    assert words.check(repo) == []
    (repo / "moved/c.md").write_text("policy.whoever whoever\n", encoding="utf-8")
    (repo / "moved/c.yaml").write_text("policy.whoever\n", encoding="utf-8")
    add(repo)
    assert words.write(repo) == ["`whoever`: 1 -> 3"]


def test_an_allowed_text_that_no_longer_occurs_is_reported(repo: Path) -> None:
    (repo / "moved/c.md").write_text("plain\n", encoding="utf-8")
    assert words.check(repo) == ["tooling/quality/allowed_words.yaml: `policy.whoever` does not occur in moved/*.md"]


def test_every_allowed_text_has_a_reason() -> None:
    assert all(each.reason.strip() for each in words.load_allowed())
