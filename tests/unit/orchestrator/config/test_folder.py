"""The files of an environment: which are read, and what happens to those that only look like it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from orchestrator.config import environment_names, load, loader
from orchestrator.config import folder as reading
from orchestrator.config.rules import platform as checks
from orchestrator.errors import ConfigError
from tests.fakes.platforms import LEAST, SHIPPED, platform_file

REPO = Path(__file__).resolve().parents[4]
CHAT = """\
name: chat
kind: realtime
model: {source: bedrock, model_id: amazon.nova-lite-v1:0}
smoke: {golden: [{input: hello, contains: ""}]}
"""
HINT = "`orchestrator schema platform` and `orchestrator schema blueprint` list every key"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform/envs/dev"
    (folder / "blueprints").mkdir(parents=True)
    (folder / "platform.yaml").write_text(platform_file()[1])
    (folder / "blueprints/chat.yaml").write_text(CHAT)
    return folder


def repo(folder: Path) -> Path:
    return folder.parents[2]


def refusal(folder: Path, name: str = "dev") -> str:
    with pytest.raises(ConfigError) as error:
        load(repo(folder), name)
    return error.value.message


def test_other_files_are_ignored(folder: Path) -> None:
    for name in ("README.md", ".gitkeep", "chat.yaml~", ".chat.yaml.swp", "old.yaml.off"):
        (folder / "blueprints" / name).touch()
    (folder / "blueprints/.idea").mkdir()
    (folder / "notes.txt").touch()
    assert [each.name for each in load(repo(folder), "dev").blueprints] == ["chat"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda blueprints: (blueprints / "b.yml").write_text(CHAT),
         "blueprints/b.yml:1: is not a recognised file name: rename it to b.yaml, or remove it"),
        (lambda blueprints: (blueprints / "b.YAML").write_text(CHAT),
         "blueprints/b.YAML:1: is not a recognised file name: rename it to b.yaml, or remove it"),
        (lambda blueprints: (blueprints / "b.json").write_text("{}"),
         "blueprints/b.json:1: is not a recognised file name: rename it to b.yaml, or remove it"),
        (lambda blueprints: (blueprints / "b.yaml").mkdir(),
         "blueprints/b.yaml:1: is a folder, not a file: remove or rename it"),
        (lambda blueprints: (blueprints / "more").mkdir(),
         "blueprints/more:1: is a folder: blueprints must be files directly in this folder"),
        (lambda blueprints: os.mkfifo(blueprints / "b.yaml"),
         "blueprints/b.yaml:1: is a named pipe, not a file: remove or rename it"),
        (lambda blueprints: (blueprints / ".#b.yaml").symlink_to("me@host.1:2"),
         "blueprints/.#b.yaml:1: is the lock of an editor in which the file is open: save and close it there"),
        (lambda blueprints: (blueprints / "b\n.yaml").symlink_to("gone"),
         "blueprints/b\\n.yaml:1: is a dangling symbolic link (to gone): remove or correct it"),
        (lambda blueprints: (blueprints.parent / "chat.yaml").write_text(CHAT),
         "chat.yaml:1: is not a recognised file name: use platform.yaml, or datasets/, trainings/, blueprints/"),
        (lambda blueprints: (blueprints.parent / "platform.yml").write_text(CHAT),
         "platform.yml:1: is not a recognised file name: use platform.yaml, or datasets/, trainings/, blueprints/"),
        (lambda blueprints: (blueprints / "chat.yaml").write_bytes("# größe".encode("latin-1")),
         "blueprints/chat.yaml:1: is not UTF-8 (0xf6 at byte 5 of the line; Latin-1 or Windows-1252?): save it "
         "as UTF-8"),
    ],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_what_looks_as_if_it_were_meant_is_refused_by_name(
    folder: Path, make: Callable[[Path], object], expected: str
) -> None:
    make(folder / "blueprints")
    assert refusal(folder) == f"terraform/envs/dev/{expected}"


def test_blueprints_are_in_a_folder(folder: Path) -> None:
    (folder / "blueprints/chat.yaml").unlink()
    (folder / "blueprints").rmdir()
    assert load(repo(folder), "dev").blueprints == ()
    (folder / "blueprints").touch()
    assert "dev/blueprints:1: must be a folder" in refusal(folder)
    (folder / "blueprints").unlink()
    (folder / "blueprints").symlink_to("gone")
    assert "dev/blueprints:1: is a dangling symbolic link (to gone)" in refusal(folder)


def test_a_platform_file_under_another_name_is_reported(folder: Path) -> None:
    (folder / "platform.yaml").rename(folder / "Platform.YML")
    assert refusal(folder) == "terraform/envs/dev/Platform.YML: is not a recognised file name"


def test_a_platform_that_is_not_a_file_does_not_hide_problems_of_others(folder: Path) -> None:
    (folder / "platform.yaml").unlink()
    (folder / "platform.yaml").mkdir()
    (folder / "blueprints/chat.yaml").write_text(CHAT + "king: x\n")
    message = refusal(folder)
    assert "dev/platform.yaml:1: is a folder, not a file" in message
    assert "chat.yaml:5: king: is not a key of this section (received 'x'); did you mean `kind`?" in message


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("..", ".."), ("", ""), ("Dev", "Dev"), ("my env", "my env"), ("dév", "dév"), ("dev\nx", "dev\\nx"),
        ("../dev", "../dev"), ("/etc", "/etc"), ("dev/", "dev/"), ("d", "d"), ("dev-", "dev-"), ("dev\n", "dev\\n"),
        ("x" * 5000, "x" * 160 + "… (5000 characters)"), ("\udcff", "\\udcff"),
    ],
)  # fmt: skip
def test_odd_names_are_refused_even_where_there_is_such_a_folder(folder: Path, name: str, shown: str) -> None:
    if len(name) < 200 and "/" not in name and name.strip("."):
        (folder.parent / name).symlink_to("dev")
    assert refusal(folder, name).startswith(f"`{shown}` is not a valid environment name: it must be 2 to 32 lower-case")
    assert environment_names(repo(folder)) == ["dev"]


def test_a_name_in_capitals_is_answered_with_the_one_that_is_meant(folder: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(repo(folder), "DEV")
    assert error.value.hint == "did you mean `dev`?"


@pytest.mark.parametrize("closed", ["terraform/envs", "terraform/envs/dev", "terraform/envs/dev/blueprints"])
def test_an_unreadable_folder_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    """Tests may run as root, who may look everywhere."""
    real = os.scandir

    def scandir(path: Path) -> object:
        if path == repo(folder) / closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    requested = "zzz" if closed == "terraform/envs" else "dev"
    message = refusal(folder, requested)
    assert message.startswith(closed)
    assert "cannot be read: this user lacks permission" in message


def test_without_any_environment_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no environment `dev`; environments in terraform/envs: none"):
        load(tmp_path, "dev")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_file_that_lost_its_end_is_refused(name: str) -> None:
    """At whatever line it was cut, up to the heading of its last section."""
    lines = (REPO / "terraform/envs" / name / "platform.yaml").read_text().splitlines(keepends=True)
    blueprints = reading.read(REPO, name).blueprints
    last = max(number for number, line in enumerate(lines) if line[0].isalpha())
    for kept in range(last):
        with pytest.raises(ConfigError, match=r"is required|is empty"):
            loader.build(name, ("platform.yaml", "".join(lines[:kept])), blueprints)
    loader.build(name, ("platform.yaml", "".join(lines)), blueprints)


@pytest.mark.parametrize("name", LEAST)
def test_what_every_environment_decides_about_is_required(name: str) -> None:
    rest = {key: value for key, value in LEAST.items() if key != name}
    with pytest.raises(ConfigError, match=f"platform.yaml:1: {name}: is required"):
        loader.build("dev", ("platform.yaml", yaml.safe_dump(rest)), {})


def test_an_empty_section_takes_its_defaults_and_no_network_is_made_by_default() -> None:
    with pytest.raises(ConfigError) as error:
        loader.build("dev", ("platform.yaml", yaml.safe_dump({**LEAST, "network": {}})), {})
    assert error.value.message.startswith("platform.yaml:8: network.cidr: is required unless `use_existing` is set")
    with pytest.raises(ConfigError, match=r"access: is required \(`{}` uses the defaults\)"):
        loader.build("dev", ("platform.yaml", "network: {}"), {})


def test_a_file_of_something_else_is_answered_soon_and_briefly() -> None:
    started = time.process_time()
    with pytest.raises(ConfigError) as error:
        loader.build("dev", ("platform.yaml", "".join(f"key_{number}: x\n" for number in range(1000))), {})
    assert time.process_time() - started < 2
    assert error.value.message.startswith("1015 problems in the environment files:\n")
    assert error.value.message.endswith("\n  and 965 more")
    assert len(error.value.message.splitlines()) == 52
    assert error.value.hint == HINT


def test_an_unexpected_error_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "check_platform", lambda *_: 1 / 0)
    with pytest.raises(RuntimeError, match=r"^platform\.yaml could not be checked \(ZeroDivisionError: division by"):
        loader.build("dev", platform_file(), {})
