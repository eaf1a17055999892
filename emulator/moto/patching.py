"""Patches of moto: declared one by one, then checked, put in order and installed together.

A patch names its target, a method or function of moto, and belongs to the module that defines the replacement. A
target has one owner. Where several modules wrap the same target, each one but the innermost names with `after` the
module whose wrapper it calls; without such an order, `install` raises `PatchConflict`.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class PatchConflict(TypeError):
    """Several modules patch the same target, and their order is not declared."""


@dataclass(frozen=True)
class Patch:
    """The change of one target, and the module that owns it."""

    target: str
    module: str
    after: str | None
    install: Callable[[], None]


_declared: list[Patch] = []


def install() -> list[Patch]:
    """Install what was declared since the last call, and return it in the order of installation."""
    declared = _declared.copy()
    _declared.clear()
    patches = ordered(declared)
    for patch in patches:
        patch.install()
    return patches


def ordered(patches: Iterable[Patch]) -> list[Patch]:
    """Sort the patches of each target as declared. Raises `PatchConflict`, or `CycleError` where they form a cycle."""
    by_target: dict[str, list[Patch]] = defaultdict(list)
    for patch in patches:
        by_target[patch.target].append(patch)
    return [patch for target, group in by_target.items() for patch in _ordered(target, group)]


def _ordered(target: str, patches: list[Patch]) -> list[Patch]:
    by_module = {patch.module: patch for patch in patches}
    if len(by_module) < len(patches):
        raise PatchConflict(f"{target} is patched twice by {patches[0].module}; merge the two patches")
    for patch in patches:
        if patch.after and patch.after not in by_module:
            raise PatchConflict(f"{patch.module} patches {target} after {patch.after}, which does not patch it")
    sorter = TopologicalSorter({patch.module: [patch.after] if patch.after else [] for patch in patches})
    sorter.prepare()
    order: list[Patch] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        if len(ready) > 1:
            owners = " and ".join(sorted(ready))
            raise PatchConflict(f"{target} is patched by {owners}; declare their order with `after`")
        order.append(by_module[ready[0]])
        sorter.done(*ready)
    return order


def wrap(owner: Any, name: str, *, after: str | None = None) -> Decorator:
    """Declare a wrapper of a method, property or function; it gets the original as its first argument."""

    def decorate(replacement: Callable[..., Any]) -> Callable[..., Any]:
        _declare(owner, name, replacement.__module__, after, lambda: _wrap(owner, name, replacement))
        return replacement

    return decorate


def add(owner: type) -> Decorator:
    """Declare a method that moto lacks; raises `TypeError` at installation if moto has it."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        _declare(owner, method.__name__, method.__module__, None, lambda: _add(owner, method))
        return method

    return decorate


def replace(owner: Any, name: str, replacement: Any) -> None:
    """Declare a replacement of a method, function or class; raises `TypeError` at installation if moto lacks it."""
    _declare(owner, name, replacement.__module__, None, lambda: _replace(owner, name, replacement))


def _declare(owner: Any, name: str, module: str, after: str | None, install: Callable[[], None]) -> None:
    place = f"{owner.__module__}.{owner.__qualname__}" if isinstance(owner, type) else owner.__name__
    _declared.append(Patch(f"{place}.{name}", module, after, install))


def _wrap(owner: Any, name: str, replacement: Callable[..., Any]) -> None:
    original = vars(owner)[name]
    if isinstance(original, property):
        getter = original.fget
        setattr(owner, name, property(lambda self: replacement(getter, self), original.fset))
        return

    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        return replacement(original, *args, **kwargs)

    setattr(owner, name, method)


def _add(owner: type, method: Callable[..., Any]) -> None:
    if hasattr(owner, method.__name__):
        raise TypeError(f"{owner.__qualname__} already has {method.__name__}")
    setattr(owner, method.__name__, method)


def _replace(owner: Any, name: str, replacement: Any) -> None:
    if not hasattr(owner, name):
        raise TypeError(f"{owner.__name__} has no {name}")
    static = isinstance(vars(owner).get(name), staticmethod)
    setattr(owner, name, staticmethod(replacement) if static else replacement)
