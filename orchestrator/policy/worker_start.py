"""Starts the worker of the policy gate (`worker.py`) without what no scan of Terraform code uses.

Half of the worker's start went into libraries with which checkov calls its maker's service, pulls images or clones
modules, and into looking for garbage among classes that live as long as the process. Nothing is faked: what stands
in for a library becomes that library as soon as anything is asked of it, and of the two that are said to be missing
checkov and its interpreter of expressions know how to do without; whatever needs them after all, fails.
"""

from __future__ import annotations

import gc
import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ON_DEMAND = ("aiohttp", "boto3", "docker")
"""Imported by checkov as whole modules, and used only on the way to a service or an image."""
MISSING = ("git", "numpy")
"""For modules from git, which a scan does not fetch, and for functions that Terraform does not have."""


class OnDemand(ModuleType):
    """A module that is imported when somebody first wants something of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)  # looked for in every module there is, by tracebacks for one
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = importlib.import_module(self.__name__)
        self.__dict__.update(vars(real))
        return getattr(real, name)


def main() -> None:
    gc.disable()  # for good: the worker says why
    sys.modules.update({name: OnDemand(name) for name in ON_DEMAND})
    sys.modules.update(dict.fromkeys(MISSING))  # type: ignore[arg-type]  # None: Python's word for one that is not there
    runpy.run_path(str(Path(__file__).with_name("worker.py")), run_name="__main__")


if __name__ == "__main__":
    main()
