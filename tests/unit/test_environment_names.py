"""What an environment is called decides nothing: its file says what it is, and anybody may call theirs anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.fakes.platforms import SHIPPED
from tests.unit.test_repo import REPO, tracked

NAMES = frozenset(SHIPPED)
READ = (".py", ".tf", ".hcl", ".tftpl", "")
NO_NAMES_OF_ENVIRONMENTS = re.compile(r"\b(target|kind|model_fields_set)\b")
"""Compared with words that environments may be called by, too: `target: local`, a block `local` in HCL."""
HCL = re.compile(
    rf"""[=!]=\s*"(?:{"|".join(NAMES)})"|"(?:{"|".join(NAMES)})"\s*[=!]="""
    rf"""|contains\(\s*\[[^\]]*"(?:{"|".join(NAMES)})"[^\]]*\]"""
)
MAKE = re.compile(
    rf"\$\((?:filter|filter-out|findstring)\s[^)]*\b(?:{'|'.join(NAMES)})\b|ifn?eq\b.*\b(?:{'|'.join(NAMES)})\b"
)


def decisions(source: str) -> Iterator[int]:
    """Lines that compare something with the name of an environment, or ask whether it is one of several."""
    tree = ast.parse(source)
    tables = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    sides: list[ast.AST]
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                shown = ast.unparse(node)
            case ast.MatchValue() | ast.MatchOr():
                sides, shown = [node], ""
            case ast.BinOp(op=ast.BitAnd()):
                sides, shown = [node.left, node.right], ast.unparse(node)
            case _:
                continue
        sides = [tables.get(side.id, side) if isinstance(side, ast.Name) else side for side in sides]
        if any(_names(side) for side in sides) and not NO_NAMES_OF_ENVIRONMENTS.search(shown):
            yield node.lineno


def _names(side: ast.AST) -> bool:
    """Whether it is a name, or a collection of which one element is."""
    if isinstance(side, ast.Call) and side.args and ast.unparse(side.func) in ("frozenset", "set", "tuple", "list"):
        side = side.args[0]
    inner = side.elts if isinstance(side, (ast.Tuple, ast.List, ast.Set)) else [side]
    if isinstance(side, (ast.MatchValue, ast.MatchOr)):
        inner = list(ast.walk(side))
    return any(isinstance(each, ast.Constant) and each.value in NAMES for each in inner)


@pytest.mark.parametrize(
    "source",
    [
        'if name == "local": pass',
        'if "dev" != environment.name: pass',
        'asks = self.name not in ("local", "dev")',
        'SKIPPING = frozenset({"local", "dev"})\nskips = environment in SKIPPING',
        'PERMANENT = ("prod",)\nstays = name in PERMANENT',
        'ALLOWED = {"local"}\nfound = ALLOWED & {"x"}',
        'STAYS = "prod"\nstays = found[0] == STAYS',
        'match name:\n    case "local" | "sandbox": pass',
        'loopback = environ.get("ENVIRONMENT") == "local"',
    ],
)
def test_a_decision_by_name_is_found(source: str) -> None:
    assert list(decisions(source))


@pytest.mark.parametrize(
    "source",
    ['deploy("local")', 'if platform.target == "local": pass', 'names = ["dev", "prod"]', 'x = name == "data"'],
)
def test_a_name_alone_decides_nothing(source: str) -> None:
    assert not list(decisions(source))


def test_nothing_is_decided_by_an_environments_name() -> None:
    places = []
    for file in tracked():
        if file.suffix not in READ or file.parts[len(REPO.parts)] == "tests" or file.name.endswith(".tftest.hcl"):
            continue
        text = file.read_text(encoding="utf-8")
        if file.name != "Makefile" and not any(f'"{each}"' in text or f"'{each}'" in text for each in NAMES):
            continue  # it holds none of the names
        if file.suffix == ".py":
            lines = list(decisions(text))
        else:
            pattern = MAKE if file.name == "Makefile" else HCL
            lines = [text.count("\n", 0, each.start()) + 1 for each in pattern.finditer(text)]
        places += [f"{file.relative_to(REPO)}:{line}" for line in lines]
    assert places == []
