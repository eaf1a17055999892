"""Start the policy gate's worker (`worker.py`) without libraries that no scan of Terraform code uses.

Half of the worker's start went into libraries with which checkov calls its vendor's service, pulls images or clones
modules, and into searching for garbage among classes that live as long as the process. Nothing is faked: a placeholder
loads the real library on the first access to an attribute. checkov and its interpreter of expressions work without the
two libraries that are reported as missing; code that does need them fails.
"""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ON_DEMAND = ("aiohttp", "boto3", "docker")
"""Imported by checkov as whole modules, and used only to call a service or pull an image."""
MISSING = ("git", "numpy")
"""Used for modules from git, which a scan does not fetch, and for functions that Terraform does not have."""


class OnDemand(ModuleType):
    """A module that is imported on the first access to one of its attributes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)  # looked up in every loaded module, for example by tracebacks
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = importlib.import_module(self.__name__)
        self.__dict__.update(vars(real))
        return getattr(real, name)


def main() -> None:
    gc.disable()  # permanently: the worker explains why
    sys.modules.update({name: OnDemand(name) for name in ON_DEMAND})
    sys.modules.update(dict.fromkeys(MISSING))  # type: ignore[arg-type]  # None marks a module as missing
    # Last on the path, and after the placeholders: the repository must not shadow checkov's libraries.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from orchestrator.policy import worker

    worker.main()


if __name__ == "__main__":
    main()
