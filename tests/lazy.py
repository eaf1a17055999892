"""Modules that are imported when they are used: every worker collects all tests, and one of them runs this one."""

from __future__ import annotations

import importlib
from typing import Any


class Module:
    """`openai = Module("openai")` stands for `import openai` where that takes long."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") or attribute == "_mock_name":
            raise AttributeError(attribute)  # pytest and hypothesis ask everything in a file whether it is a test
        return getattr(importlib.import_module(self.__name__), attribute)
