"""Moto's data under many threads: a walk goes over what was there when it began.

Moto answers one request at a time. Here many are answered at once, and Python ends a walk over a dict that grows
meanwhile with an error: whoever called with a role's credentials while another role was being made got a 500, since
moto looks through all roles to note when one was last used.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from moto.core.base_backend import BaseBackend
from moto.core.model import ServiceModel
from moto.events.models import EventBus
from moto.logs.models import LogGroup
from moto.s3.utils import _VersionedKeyStore
from moto.ssm.models import ParameterDict, SimpleSystemManagerBackend

from emulator.core.settings import Settings
from emulator.moto.patching import replace, wrap

HOLDERS = (BaseBackend, EventBus, LogGroup)
"""A service's data, and those of its parts that grow while others read them: rules and log streams."""


class _Copied:
    """Views of a copy. Making it takes one step that no other thread can come between.

    Iteration itself stays the dict's own: `dict(this)` takes one step because of that.
    """

    def keys(self) -> Any:
        return dict(super().items()).keys()  # type: ignore[misc]

    def values(self) -> Any:
        return dict(super().items()).values()  # type: ignore[misc]

    def items(self) -> Any:
        return dict(super().items()).items()  # type: ignore[misc]


class Walked(_Copied, dict[Any, Any]):
    """A dict that others may change during a walk over it."""


class WalkedInOrder(_Copied, OrderedDict[Any, Any]):
    """The same for a dict that has a method to change its order."""


WALKED: dict[type, type] = {dict: Walked, OrderedDict: WalkedInOrder}


_MODELS = threading.RLock()


def apply(settings: Settings) -> None:
    @wrap(ServiceModel, "operation_model")
    def operation_model(original: Any, self: Any, operation_name: str) -> Any:
        # botocore's method and moto's override cache under one key: between the two calls another thread would get
        # botocore's model, which lacks the attributes that moto routes by.
        with _MODELS:
            return original(self, operation_name)

    for holder in HOLDERS:
        _hold(holder)

    # The names below a path are looked for in a walk over the dict itself.
    replace(ParameterDict, "__iter__", lambda self: iter(list(dict.keys(self))))

    @wrap(SimpleSystemManagerBackend, "_match_filters")
    def match(original: Any, self: Any, parameter: Any, filters: Any = None) -> Any:
        # One that was deleted since the walk began is looked up in vain, and is not listed.
        return parameter is not None and original(self, parameter, filters)

    # Moto looks each object of a walk up again: one that was deleted since it began ended ListObjectVersions.
    for prefix in ("", "iter"):
        replace(_VersionedKeyStore, f"{prefix}lists", lambda self: iter(_versions(self)))
        replace(_VersionedKeyStore, f"{prefix}items", lambda self: ((key, each[-1]) for key, each in _versions(self)))
        replace(_VersionedKeyStore, f"{prefix}values", lambda self: (each[-1] for _, each in _versions(self)))


def _versions(store: dict[str, list[Any]]) -> list[tuple[str, list[Any]]]:
    """Names and versions, as they are now; an object without a version is about to go."""
    return [(key, list(versions)) for key, versions in dict(store).items() if versions]


def _hold(holder: type) -> None:
    def set_attribute(self: Any, name: str, value: Any) -> None:
        walked = WALKED.get(type(value))
        object.__setattr__(self, name, walked(value) if walked else value)

    replace(holder, "__setattr__", set_attribute)
