"""Check and merge request parameters for a target. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from inference_common import bedrock_bodies
from inference_common.errors import ServiceError
from inference_common.parameters import GENERATION, SYSTEM, Takes, check
from inference_common.requests import InferenceRequest
from inference_routing.families import embeddings, sagemaker
from inference_routing.routes import AGENT, KNOWLEDGE_BASE, Target

CONVERSE_TOKENS = 2048
"""The smallest maximum output length of models behind Converse, whose own defaults differ."""


def of(target: Target, task: str) -> Takes:
    """Return the parameters that a target accepts. Raises `ServiceError` if it cannot do the task."""
    if target.source == "sagemaker":
        payload_format = sagemaker.of(target.format)
        payload_format.check_task(task)
        return payload_format.takes
    if task == "embed":
        return Takes(embeddings.parameters_of(target.family))
    if target.api == AGENT:
        return Takes()
    if target.api == KNOWLEDGE_BASE:
        return Takes(tuple(name for name in GENERATION if name != SYSTEM), CONVERSE_TOKENS)
    return bedrock_bodies.of(target.family).takes if target.api == "invoke" else Takes(GENERATION, CONVERSE_TOKENS)


def check_any(targets: Iterable[Target], request: InferenceRequest) -> None:
    """Refuse parameters that no target accepts, before anything is called."""
    allowed: list[tuple[str, ...]] = []
    for target in targets:
        try:
            allowed.append(of(target, request.task).allowed(target.parameters))
        except ServiceError:
            continue  # the target cannot do this task; calling it will say so
    if allowed:
        check(request.parameters, tuple(dict.fromkeys(name for names in allowed for name in names)))


def prepared(target: Target, request: InferenceRequest) -> InferenceRequest:
    """Return the request for a target: the record's parameters overridden by the caller's, within its limits."""
    takes = of(target, request.task)
    own: Mapping[str, Any] = target.parameters if request.task == "generate" else {}
    merged = takes.merged(own, request.parameters)
    return replace(request, parameters=target.limits.bound(takes, merged, len(request.inputs)))
