"""Import a backend with its first request.

A function starts from sources, and compiles each module that it imports. An environment calls many models, a function
that was just started mostly one.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference_common.requests import InferenceRequest
    from inference_routing.deadline import Deadline
    from inference_routing.dispatch import Backend, PartialResponses, Reply
    from inference_routing.routes import Target


class Deferred:
    """Stands for the backend `name` of a module of this package."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    @cached_property
    def _backend(self) -> Backend:
        backend: Backend = getattr(import_module(f"inference_routing.clients.{self._module}"), self._name)()
        return backend

    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        """Call one target. Raises `ServiceError`."""
        return self._backend.invoke(target, request, deadline, kept)
