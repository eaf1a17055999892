"""Import a backend with its first request.

A function starts from sources, and compiles each module that it imports. An environment calls many models, a function
that was just started mostly one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference_common.requests import InferenceRequest
    from inference_routing.deadline import Deadline
    from inference_routing.dispatch import Backend, PartialResponses, Reply
    from inference_routing.routes import Target


class Deferred:
    """A backend that is created when it is called for the first time."""

    def __init__(self, create: Callable[[], Backend]) -> None:
        self._create = create

    @cached_property
    def backend(self) -> Backend:
        return self._create()

    def invoke(self, target: Target, request: InferenceRequest, deadline: Deadline, kept: PartialResponses) -> Reply:
        """Call one target. Raises `ServiceError`."""
        return self.backend.invoke(target, request, deadline, kept)


def sagemaker() -> Backend:
    from inference_routing.clients.sagemaker import SageMakerBackend

    return SageMakerBackend()


def bedrock() -> Backend:
    from inference_routing.clients.bedrock import BedrockBackend

    return BedrockBackend()
