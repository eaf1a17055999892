"""Which modules of a function may serve several tests: those that hold nothing that could change.

Executing a module makes its dataclasses anew, which is most of what loading a function costs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

PURE = frozenset({"frozenset", "tuple", "compile", "field", "dataclass", "TypeVar"})
"""What may be called when a module is executed: it answers the same each time and keeps nothing."""
CACHES = frozenset({"cache", "lru_cache", "cached_property", "environ", "getenv"})


@dataclass(frozen=True)
class Kept:
    """A module, and what it holds: a test may have put something else there."""

    module: ModuleType
    holds: Mapping[str, Any]

    def restored(self) -> ModuleType:
        now = vars(self.module)
        for name in now.keys() - self.holds.keys():
            del now[name]
        now.update(self.holds)
        return self.module


def keep(loaded: Mapping[str, ModuleType]) -> dict[str, Kept]:
    """Packages as a whole or not at all: they have their modules as attributes."""
    trees = {name: ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")) for name, module in loaded.items()}
    built_on = {
        name: {found.split(".")[0] for found in _imported(tree, loaded[name])} & {each.split(".")[0] for each in loaded}
        for name, tree in trees.items()
    }
    changing = {name.split(".")[0] for name, tree in trees.items() if not _stateless(tree)}
    while more := {name.split(".")[0] for name in loaded if built_on[name] & changing} - changing:
        changing |= more
    kept = {name: module for name, module in loaded.items() if name.split(".")[0] not in changing}
    return {name: Kept(module, dict(vars(module))) for name, module in kept.items()}


def _imported(tree: ast.Module, module: ModuleType) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(module.__package__ if node.level else node.module)


def _stateless(tree: ast.Module) -> bool:
    frozen = {node.name for node in tree.body if isinstance(node, ast.ClassDef) and _frozen(node)}
    if any(isinstance(node, ast.Global) for node in ast.walk(tree)):
        return False
    return all(_harmless(node, PURE | frozen) for statement in tree.body for node in _executed(statement))


def _frozen(node: ast.ClassDef) -> bool:
    return any(ast.unparse(each) == "dataclass(frozen=True)" for each in node.decorator_list)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is executed: no bodies of functions, and no annotations."""
    yield node
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            parts: list[ast.AST | None] = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
        case ast.Lambda():
            parts = []
        case ast.AnnAssign():
            parts = [node.target, node.value]
        case ast.Subscript():
            parts = [node.value]
        case _:
            parts = list(ast.iter_child_nodes(node))
    for part in parts:
        if part is not None:
            yield from _executed(part)


def _harmless(node: ast.AST, pure: frozenset[str]) -> bool:
    match node:
        case ast.Call():
            return (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in pure
        case ast.Name():
            return node.id not in CACHES
        case ast.Attribute():
            return node.attr not in CACHES
        case ast.Assign(value=ast.Dict(keys=[]) | ast.List(elts=[])):
            return False  # it is there to be filled
        case ast.AnnAssign(value=ast.Dict(keys=[]) | ast.List(elts=[])):
            return False
    return True
