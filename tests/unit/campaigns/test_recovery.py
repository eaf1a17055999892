from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.campaigns.recovery import DEPLOY, DESTROY, Ran, named, recover
from tests.campaigns.rows import Column, Row

LIVES: Column = "machine lives"
GONE: Column = "machine gone"


def row(run: str) -> Row:
    return Row(0, "orchestrator", run, "apply", "foundation", False, 1, 0)  # type: ignore[arg-type]


class Commands:
    """Answers as told, by command; each answer once."""

    def __init__(self, **answers: list[tuple[int, str]]) -> None:
        self.ran: list[str] = []
        self._answers = answers

    def __call__(self, words: Sequence[str]) -> Ran:
        self.ran.append(" ".join(words))
        left = self._answers.get(words[0], [])
        code, output = left.pop(0) if left else (0, "")
        return Ran(" ".join(words), code, 0.1, output)


@pytest.mark.parametrize(
    ("output", "command"),
    [
        ("hint: `orchestrator resume local` goes on", ("resume", "local", "--yes")),
        ("hint: `orchestrator recover ENV` shows them", ("recover", "local", "--import", "--yes")),
        ("hint: `orchestrator unlock local foundation`", ("unlock", "local", "foundation", "--yes")),
        ("hint: `orchestrator recover local --import --yes`", ("recover", "local", "--import", "--yes")),
        ("hint: `orchestrator smoke local` repeats them", None),
        ("error: no way", None),
    ],
)
def test_the_command_that_an_output_names(output: str, command: tuple[str, ...] | None) -> None:
    assert named(output) == command


def test_one_green_deploy_is_all() -> None:
    commands = Commands()
    assert [each.exit_code for each in recover(commands, row("create"), LIVES)] == [0]
    assert commands.ran == [" ".join(DEPLOY)]


def test_what_the_output_names_is_run_and_then_the_deploy_again() -> None:
    commands = Commands(deploy=[(8, "hint: `orchestrator unlock local`")])
    assert recover(commands, row("change"), LIVES)[-1].exit_code == 0
    assert commands.ran == ["deploy local", "unlock local --yes", "deploy local"]


def test_a_way_that_leads_nowhere_twice_is_the_end() -> None:
    red = [(8, "hint: `orchestrator unlock local`")] * 5
    commands = Commands(deploy=red)
    assert recover(commands, row("change"), LIVES)[-1].exit_code == 8
    assert commands.ran == ["deploy local", "unlock local --yes", "deploy local"]


def test_an_output_that_names_nothing_is_the_end() -> None:
    commands = Commands(deploy=[(8, "error: EntityAlreadyExists")])
    assert recover(commands, row("create"), LIVES)[-1].exit_code == 8
    assert commands.ran == ["deploy local"]


def test_a_destroy_goes_on_as_a_destroy() -> None:
    commands = Commands(destroy=[(8, "hint: `orchestrator destroy local --yes`"), (0, "")])
    recover(commands, row("destroy"), LIVES)
    assert commands.ran[0] == " ".join(DESTROY)
    assert all(command.startswith("destroy") for command in commands.ran)


def test_without_the_machine_locks_are_freed_and_things_imported_first() -> None:
    commands = Commands()
    recover(commands, row("create"), GONE)
    assert commands.ran == ["unlock local --force --yes", "recover local --import --yes", "deploy local"]
