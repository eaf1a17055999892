"""The complete `--help` of every command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from orchestrator.cli import cli, main
from tests.unit.orchestrator.cli import snapshot


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))


COMMANDS = {"-".join(("orchestrator", *path)): path for path in commands(cli)}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_snapshot(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main([*COMMANDS[name], "--help"]) == 0
    snapshot.check(f"help/{name}", capsys.readouterr().out)


def test_each_help_snapshot_belongs_to_a_command() -> None:
    assert snapshot.names("help") == set(COMMANDS)
