"""Prepare a request for a target: its task, inputs and parameters. Pure.

What depends on the source of the model is imported with its first request, as its backend is (`clients.deferred`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from inference_common.errors import BadRequest, ServiceError
from inference_common.inputs import check_texts
from inference_common.parameters import GENERATION, SYSTEM, Takes, check
from inference_common.requests import InferenceRequest, Task
from inference_routing.routes import AGENT, KNOWLEDGE_BASE, Target

if TYPE_CHECKING:
    from inference_common.containers import Format

CONVERSE_TOKENS = 2048
"""The smallest maximum output length of models behind Converse, whose own defaults differ."""


def _container(target: Target) -> Format:
    from inference_common import containers

    return containers.of(target.format)


def task_of(target: Target) -> Task:
    """Return what a target's model makes."""
    if target.source == "sagemaker":
        return _container(target).task
    from inference_common import embeddings

    return "embed" if not target.assistant and embeddings.makes(target.family) else "generate"


def of(target: Target, task: Task | None) -> Takes:
    """Return the parameters that a target accepts. Raises `ServiceError` if it cannot do the task."""
    makes = task_of(target)
    if task not in (None, makes):
        made = "embeddings" if makes == "embed" else "no embeddings"
        raise BadRequest(f"the model behind this blueprint makes {made}", "model")
    if target.source == "sagemaker":
        return _container(target).takes
    from inference_common import bedrock_bodies, embeddings

    if makes == "embed":
        return Takes(embeddings.of(target.family).parameters)
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
    """Return the request for a target: the record's parameters overridden by the caller's, within its limits.

    Raises:
        BadRequest: the target cannot do the task, or does not take such inputs or parameters.
    """
    takes = of(target, request.task)
    if target.source == "bedrock" or _container(target).texts_only:
        check_texts(request.inputs)
    merged = takes.merged(target.parameters, request.parameters)
    bounded = target.limits.bound(takes, merged, len(request.inputs))
    return replace(request, task=task_of(target), parameters=bounded)
