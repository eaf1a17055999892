"""Every command in a hint is valid."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest

from orchestrator.cli import cli
from orchestrator.cli.app import App
from orchestrator.config import load
from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans
from orchestrator.recovery import unfinished

REPO = Path(__file__).resolve().parents[3]
SOURCES = sorted(
    [*(REPO / "orchestrator").rglob("*.py"), *(REPO / "emulator").rglob("*.py"), REPO / "tooling/install/setup.py"]
)
WORD = "x1"
"""Placeholder for values that are only known when the hint is printed."""
FOREIGN = {
    "aws": {
        "sso login",
        "sts get-caller-identity",
        "s3api list-buckets",
        "ssm delete-parameter",
        "kms cancel-key-deletion",
    },
    "terraform": {"validate", "state list"},
    "kill": {"-INT"},
}
"""Commands of other programs that hints name; try a new one by hand once."""
NAMED = re.compile("`(?:orchestrator|make|" + "|".join(FOREIGN) + ")\\b|['\"]orchestrator ")


@dataclass(frozen=True)
class Hint:
    """A command in a text of the source."""

    file: str
    line: int
    command: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.command}"


@cache
def hints() -> tuple[Hint, ...]:
    return tuple(
        Hint(str(file.relative_to(REPO)), line, command)
        for file in SOURCES
        if NAMED.search(source := file.read_text(encoding="utf-8"))
        for line, text in texts(ast.parse(source))
        for command in commands(text)
    )


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the strings that the program may print: all except docstrings, with fields filled in."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, filled(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else filling(part) for part in node.values)
            yield node.lineno, filled("".join(map(str, parts)))


def filling(part: ast.expr) -> str:
    """Return a valid value for a placeholder."""
    name = ast.unparse(part).strip("{}'\"f").rpartition(".")[2]
    return {"command": "deploy", "verb": "approve", "task": "custom"}.get(name, WORD)


def filled(text: str) -> str:
    """Return a template with all fields filled in."""
    return re.sub(r"\{\w*\}", WORD, text)


def commands(text: str) -> Iterator[str]:
    for quoted in re.findall(r"`([^`]+)`", text):
        if quoted.split()[:1] and quoted.split()[0] in ("orchestrator", "make", *FOREIGN):
            yield quoted
    if text.startswith("orchestrator "):
        yield text


def problem(command: str) -> str:
    """Return why a command is invalid; empty if it is valid."""
    program, *words = shlex.split(command)
    if program == "make":
        targets = set(re.findall(r"^([a-z][a-z-]*):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        return "" if words and words[0] in targets else "no such target"
    if program in FOREIGN:
        if not words:
            return ""  # its name
        return "" if any(" ".join(words).startswith(known) for known in FOREIGN[program]) else "not known here"
    return refusal(cli, re.sub(rf"(--version|--from|--to) {WORD}\b", r"\1 1", " ".join(words)).split())


def refusal(command: click.Command, words: list[str], parent: click.Context | None = None) -> str:
    """Return click's error for these arguments, without running the command; empty if there is none."""
    try:
        # The callbacks of options store their values in the object that the group creates.
        ctx = command.make_context(command.name, list(words), parent=parent, obj=App(REPO))
        if not isinstance(command, click.Group):
            return ""
        _, subcommand, rest = command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
    except click.exceptions.Exit:
        return ""
    except click.UsageError as error:
        return error.format_message()
    assert subcommand is not None
    return refusal(subcommand, rest, ctx)


def test_every_command_in_a_hint_is_valid() -> None:
    assert len(hints()) > 80
    refused = [f"{hint}: {why}" for hint in hints() if (why := problem(hint.command))]
    assert refused == []


UNKNOWN = """
orchestrator dploy ENV
orchestrator destroy
orchestrator unlock ENV --hard
orchestrator deploy ENV now
orchestrator release approve ENV
orchestrator keys shw ENV
make deplyo
terraform force-unlock ID
"""


@pytest.mark.parametrize("command", UNKNOWN.strip().splitlines())
def test_an_invalid_command_is_detected(command: str) -> None:
    assert problem(command)


def test_commands_that_are_repeated_by_name_exist(repo: Path) -> None:
    environment = load(repo, "local")
    graph = graphs.build(phases.read(repo), environment)
    planned = [plans.deploy(environment, graph), plans.destroy(environment, graph), plans.smoke(environment, graph)]
    names = {*(each.command for each in planned), "phase rollout", *unfinished.CHANGING}
    assert {name: why for name in sorted(names) if (why := problem(f"orchestrator {name} ENV"))} == {}


def test_texts_are_read_as_printed() -> None:
    source = (
        '"""`orchestrator nothing`"""\nhint = f"`orchestrator deploy {env}` or " "`orchestrator status {}`".format(1)\n'
    )
    printed = [command for _, text in texts(ast.parse(source)) for command in commands(text)]
    assert printed == ["orchestrator deploy x1", "orchestrator status x1"]
