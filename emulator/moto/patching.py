"""Three ways to change a class of moto, both loud when moto is not what the seam was written against."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def wrap(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace a method; the replacement gets the original as its first argument.

    A property is wrapped by its getter.
    """
    original = vars(owner)[name]

    def decorate(replacement: Callable[..., Any]) -> Callable[..., Any]:
        if isinstance(original, property):
            getter = original.fget
            setattr(owner, name, property(lambda self: replacement(getter, self), original.fset))
            return replacement

        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return replacement(original, self, *args, **kwargs)

        setattr(owner, name, method)
        return replacement

    return decorate


def add(owner: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a method that moto does not have. If it has one after all, the seam is out of date."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        if hasattr(owner, method.__name__):
            raise TypeError(f"{owner.__qualname__} already has {method.__name__}")
        setattr(owner, method.__name__, method)
        return method

    return decorate


def replace_static(owner: type, name: str, function: Callable[..., Any]) -> None:
    """Put a function in the place of a static method."""
    if not isinstance(vars(owner).get(name), staticmethod):
        raise TypeError(f"{owner.__qualname__} has no static method {name}")
    setattr(owner, name, staticmethod(function))
