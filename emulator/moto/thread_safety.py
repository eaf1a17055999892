"""Moto's data under many threads: an iteration covers what existed when it began.

Moto handles one request at a time. Here many are handled at once, and iterating over a dict that grows meanwhile is an
error in Python: a call with a role's credentials failed with 500 while another role was being created, since moto
iterates over all roles to store when one was last used.
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
"""A service's data, and its parts that grow while other threads read them: rules and log streams."""


class _Copied:
    """Views of a copy, which is made in one step that no other thread can interrupt.

    Iteration itself stays that of the dict: `dict(this)` is a single step because of that.
    """

    def keys(self) -> Any:
        return dict(super().items()).keys()  # type: ignore[misc]

    def values(self) -> Any:
        return dict(super().items()).values()  # type: ignore[misc]

    def items(self) -> Any:
        return dict(super().items()).items()  # type: ignore[misc]


class Walked(_Copied, dict[Any, Any]):
    """A dict that other threads may change while it is iterated."""


class WalkedInOrder(_Copied, OrderedDict[Any, Any]):
    """The same for an ordered dict."""


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

    # Moto searches names below a path by iterating over the dict itself.
    replace(ParameterDict, "__iter__", lambda self: iter(list(dict.keys(self))))

    @wrap(SimpleSystemManagerBackend, "_match_filters")
    def match(original: Any, self: Any, parameter: Any, filters: Any = None) -> Any:
        # A parameter that was deleted since the iteration began is not found, and not listed.
        return parameter is not None and original(self, parameter, filters)

    # Moto looks up each object again: one that was deleted since the iteration began broke ListObjectVersions.
    for prefix in ("", "iter"):
        replace(_VersionedKeyStore, f"{prefix}lists", lambda self: iter(_versions(self)))
        replace(_VersionedKeyStore, f"{prefix}items", lambda self: ((key, each[-1]) for key, each in _versions(self)))
        replace(_VersionedKeyStore, f"{prefix}values", lambda self: (each[-1] for _, each in _versions(self)))


def _versions(store: dict[str, list[Any]]) -> list[tuple[str, list[Any]]]:
    """Return names and versions as they are now; an object without a version is being deleted."""
    return [(key, list(versions)) for key, versions in dict(store).items() if versions]


def _hold(holder: type) -> None:
    def set_attribute(self: Any, name: str, value: Any) -> None:
        walked = WALKED.get(type(value))
        object.__setattr__(self, name, walked(value) if walked else value)

    replace(holder, "__setattr__", set_attribute)
