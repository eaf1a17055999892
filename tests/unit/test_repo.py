"""Rules for every file of the repository."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
TEXT_LIMIT = 2_000_000
LOCK = REPO / "terraform" / ".terraform.lock.hcl"

FORBIDDEN = {
    # Concatenated, so that this file does not contain the patterns itself.
    "a path of one machine": re.compile(r"(?<![\w.$*])/(?:work|root|home/(?!alice\b)\w+|Users/\w+|opt/(?!ml\b)\w+)/\w"),
    "the host of a package index": re.compile(r"\b(?:test\.)?pypi" + r"\.org\b|pythonhosted" + r"\.org\b"),
    "a marker of unfinished work": re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X)\b"),
}
SECRET = re.compile(r"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE" + " KEY-----")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, capture_output=True, text=True, check=True).stdout
    return [REPO / name for name in listed.split("\0") if name and (REPO / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Return name and content of every tracked text file."""
    contents = []
    for file in tracked():
        if file.stat().st_size < TEXT_LIMIT and not file.is_symlink():
            content = file.read_bytes()
            if b"\0" not in content:
                contents.append((str(file.relative_to(REPO)), content.decode("utf-8")))
    return contents


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    places = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, content in texts()
        for number, line in enumerate(content.splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert places == []


def test_no_file_holds_a_secret() -> None:
    assert [name for name, content in texts() if SECRET.search(content)] == []


def test_every_folder_with_python_is_type_checked() -> None:
    configured = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["files"]
    folders = {file.relative_to(REPO).parts[0] for file in tracked() if file.suffix == ".py"}
    # Below terraform/ there are only one-line scripts, as content of examples and of tests.
    assert sorted(folders - {"terraform"}) == configured


@pytest.mark.parametrize("file", sorted((REPO / "requirements").glob("*.txt")), ids=lambda file: file.name)
def test_requirements_are_pinned_hashed_and_name_no_index(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)", text, re.MULTILINE)
    entries = re.sub(r"\\\n", " ", text).splitlines()
    pins = [entry for entry in entries if entry.strip() and not entry.lstrip().startswith("#")]
    assert pins
    for pin in pins:
        assert re.match(r"[A-Za-z0-9._\[\],-]+==[^ ;]+", pin), f"{file.name}: {pin[:60]} is not pinned"
        assert "--hash=sha256:" in pin, f"{file.name}: {pin[:60]} has no hash"


def test_every_terraform_root_carries_the_one_provider_lock() -> None:
    locks = [file for file in tracked() if file.name == LOCK.name and file != LOCK]
    assert locks
    assert [str(file.relative_to(REPO)) for file in locks if file.read_bytes() != LOCK.read_bytes()] == []


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = {
        f"{name}: make {target}"
        for name, content in texts()
        if name.endswith((".md", ".yml"))
        for target in re.findall(r"(?:`|^|run: )make ([a-z][a-z-]*)", content, re.MULTILINE)
        if target not in targets
    }
    assert unknown == set()


def test_what_set_up_and_runs_make_is_never_committed() -> None:
    made = (".venv", ".tools", ".cache", "build", ".runs", ".emulator")
    assert [str(file) for file in tracked() if file.relative_to(REPO).parts[0].startswith(made)] == []


def test_every_test_that_the_threat_model_names_is_there() -> None:
    text = (REPO / "docs/concepts/security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w./]+)`", text)
    assert len(named) >= 20
    assert [name for name in named if not (REPO / name).exists()] == []
