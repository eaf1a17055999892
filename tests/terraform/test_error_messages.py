"""Error messages say which rule is broken, where, and by which value.

Terraform prints the values that an assertion refers to, but a message of one or two words leaves the reader to guess
the rule. Messages of `validation`, `precondition` and `check` blocks are read by people who never open the module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.hcl import REPO, TERRAFORM
from tooling.hcl import tree

FILES = sorted(
    path for pattern in ("*.tf", "*.tftest.hcl") for path in TERRAFORM.rglob(pattern) if ".terraform" not in path.parts
)
FEWEST_WORDS = 4


def messages(text: str) -> Iterator[tuple[tree.Node, str]]:
    """Top-level block and expression of every error message in a file."""
    for block in tree.read(text):
        for node in block.walk():
            if node.kind == "attribute" and node.name == "error_message":
                yield block, text[slice(*node.value)].strip()


def literal(expression: str) -> str:
    """What is written in a message, without the values that are filled in."""
    depth, kept = 0, []
    for part in re.split(r"(\$\{|[{}])", expression):
        if part in ("${", "{"):
            depth += 1
        elif part == "}":
            depth -= 1
        elif depth == 0:
            kept.append(part)
    return "".join(kept)


def mistake(expression: str) -> str | None:
    """What is wrong with the message of an assertion."""
    if not expression.startswith(('"', "<<")):
        return "is only a value: say which rule it breaks"
    words = re.findall(r"[A-Za-z][\w'.-]*", literal(expression))
    if len(words) < FEWEST_WORDS:
        return f"has {len(words)} words, and at least {FEWEST_WORDS} are needed to state a rule and its place"
    return None


def mistake_for_users(block: tree.Node, expression: str) -> str | None:
    """What is wrong with the message of a validation, a precondition or a check."""
    if problem := mistake(expression):
        return problem
    if "${" not in expression:
        return "does not show the value that was received"
    if block.name == "variable" and block.labels[0] not in literal(expression):
        return f"does not name the variable {block.labels[0]}"
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TERRAFORM).as_posix())
def test_every_message_states_rule_place_and_value(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    is_test = path.name.endswith(".tftest.hcl")
    problems = [
        f"{path.relative_to(REPO)}: {expression}: {problem}"
        for block, expression in messages(text)
        if (problem := mistake(expression) if is_test else mistake_for_users(block, expression))
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('"name must be short; received \\"${var.name}\\"."', None),
        ('"size limit"', "has 2 words, and at least 4 are needed to state a rule and its place"),
        ('"got ${{ a = 1 }}"', "has 1 words, and at least 4 are needed to state a rule and its place"),
        ("var.name", "is only a value: say which rule it breaks"),
        ('"name must be short enough."', "does not show the value that was received"),
        ('"It must be short; received ${var.name}."', "does not name the variable name"),
    ],
)
def test_a_poor_message_is_found(body: str, problem: str | None) -> None:
    [(block, expression)] = messages(f'variable "name" {{\n  validation {{\n    error_message = {body}\n  }}\n}}\n')
    assert mistake_for_users(block, expression) == problem
