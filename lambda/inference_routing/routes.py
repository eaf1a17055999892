"""Parse route records, which say where a blueprint's requests go. Pure.

{
  "blueprint": "chat", "kind": "realtime", "source": "bedrock",
  "targets": [
    {"name": "primary", "model_id": "…", "weight": 1},
    {"name": "spare", "source": "sagemaker", "endpoint_name": "…", "weight": 0, "timeout_seconds": 10},
    {"name": "chat-serverless", "blueprint": "chat-serverless", "weight": 0}
  ],
  "parameters": {"max_tokens": 200},
  "limits": {"max_tokens": 4096, "max_inputs": 100, "max_total_tokens": 409600},
  "guardrail": {"id": "…", "version": "1"},
  "shadow": {"share": 0.1, "target": {"name": "candidate", "model_id": "…"}},
  "retry": {"retries": 2, "base_seconds": 0.1, "max_seconds": 2},
  "cooldown": {"failures": 3, "seconds": 30},
  "log_payloads": false
}

Everything after `targets` may be absent, as may a target's `source` (the record's), `weight` (1), `format` (of
SageMaker's payload: `inference_common.containers`), `target_model` and `target_container` (of an endpoint that has
several), `family` and `base_model_id` (of a Bedrock model that is known by a profile's ARN only) and `api`: `converse`;
`invoke` for models without Converse; `knowledge_base` (with `knowledge_base_id` and `results`) and `agent` (with
`agent_id` and `agent_alias_id`) if these replace the model (`clients.assistants`). A target, including a
shadow's, may refer to another blueprint (`blueprint`: see `references`); at least one must not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inference_common import token_limits
from inference_common.errors import InternalError
from inference_common.json_input import loads
from inference_common.token_limits import Limits
from inference_routing.circuit_breaker import Cooldown
from inference_routing.deadline import SHORTEST_CALL_SECONDS
from inference_routing.retry import Retry

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
TARGET_FIELD = {"sagemaker": "endpoint_name", "bedrock": "model_id"}
REFERENCE = "blueprint"
KNOWLEDGE_BASE, AGENT = "knowledge_base", "agent"
APIS = ("converse", "invoke", KNOWLEDGE_BASE, AGENT)
WAITED_FOR = ("realtime", "serverless")
"""Synchronous kinds. Records of other kinds need no targets: the router does not call them."""


@dataclass(frozen=True)
class Target:
    """A model that can answer requests. `address` is an endpoint name, a model id or, for the source `blueprint`, the
    name of the referenced blueprint."""

    name: str
    address: str
    weight: float = 1
    source: str = "sagemaker"
    timeout_seconds: float | None = None
    format: str = "inputs"
    family: str = ""
    """Model family: the id of the model behind a profile, or a part that identifies its schema."""
    api: str = "converse"
    serverless: bool = False
    model: str = ""
    """Archive to load on a multi-model endpoint (`target_model`)."""
    container: str = ""
    """Host name of one container of a multi-container endpoint (`target_container`)."""
    assistant: str = ""
    """Knowledge base, or `<agent>/<alias>`, that replaces the model."""
    results: int = 5
    """Number of passages to retrieve."""
    parameters: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Default parameters, from the record that defines the target."""
    limits: Limits = field(default_factory=Limits, compare=False)
    """Limits from the same record; for a stand-in, the stricter of both records."""

    @property
    def is_reference(self) -> bool:
        return self.source == REFERENCE

    @property
    def key(self) -> str:
        """Return the key of the circuit breaker: the address, whatever its name."""
        return ":".join(filter(None, (self.source, self.address, self.model, self.container, self.assistant)))


@dataclass(frozen=True)
class Guardrail:
    id: str
    version: str


@dataclass(frozen=True)
class Shadow:
    """A target that gets a copy of some requests; its answers are only compared."""

    share: float
    target: Target


@dataclass(frozen=True)
class Route:
    blueprint: str
    kind: str
    source: str
    targets: tuple[Target, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    guardrail: Guardrail | None = None
    shadow: Shadow | None = None
    retry: Retry = field(default_factory=Retry)
    cooldown: Cooldown = field(default_factory=Cooldown)
    log_payloads: bool = False


def parse_route(name: str, text: str) -> Route:
    """Parse the record of one blueprint. Raises `InternalError`, since a malformed record is a deployment defect."""
    try:
        record = loads(text)
        route = _route(name, record)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InternalError(f"the route record of '{name}' is broken: {type(error).__name__} {error}") from error
    if route.kind not in WAITED_FOR:
        return route
    if not route.targets or any(t.weight < 0 for t in route.targets):
        raise InternalError(f"the route record of '{name}' needs targets with weights of 0 or more")
    if all(t.is_reference for t in route.targets):
        raise InternalError(f"the route record of '{name}' needs its own target")
    if any(t.is_reference and t.address == name for t in (*route.targets, *_shadowed(route))):
        raise InternalError(f"the route record of '{name}' refers to itself")
    if len({t.name for t in route.targets}) != len(route.targets):
        raise InternalError(f"the route record of '{name}' has two targets of one name")
    if any(t.timeout_seconds is not None and t.timeout_seconds < SHORTEST_CALL_SECONDS for t in route.targets):
        raise InternalError(f"the route record of '{name}' gives a target less than {SHORTEST_CALL_SECONDS} s")
    if route.shadow and not 0 <= route.shadow.share <= 1:
        raise InternalError(f"the route record of '{name}' needs a shadow share from 0 to 1")
    return route


def _shadowed(route: Route) -> tuple[Target, ...]:
    return (route.shadow.target,) if route.shadow else ()


def _route(name: str, record: Mapping[str, Any]) -> Route:
    kind, source = record["kind"], record["source"]
    guardrail, shadow = record.get("guardrail"), record.get("shadow")
    parameters = dict(record.get("parameters") or {})
    own = (parameters, token_limits.read(record, kind))
    if source not in TARGET_FIELD:
        raise KeyError(source)
    return Route(
        blueprint=name,
        kind=kind,
        source=source,
        targets=tuple(_target(target, kind, source, own) for target in _targets(record, kind)),
        parameters=parameters,
        limits=own[1],
        guardrail=Guardrail(str(guardrail["id"]), str(guardrail["version"])) if guardrail else None,
        shadow=Shadow(float(shadow["share"]), _target(shadow["target"], kind, source, own)) if shadow else None,
        retry=Retry(**(record.get("retry") or {})),
        cooldown=Cooldown(**(record.get("cooldown") or {})),
        log_payloads=record.get("log_payloads") is True,
    )


def _targets(record: Mapping[str, Any], kind: str) -> Any:
    return record["targets"] if kind in WAITED_FOR else record.get("targets") or ()


def _target(target: Mapping[str, Any], kind: str, default_source: str, own: tuple[Mapping[str, Any], Limits]) -> Target:
    given = target.get("timeout_seconds")
    seconds = None if given is None else float(given)
    weight = float(target.get("weight", 1))
    if REFERENCE in target:
        return Target(str(target["name"]), str(target[REFERENCE]), weight, REFERENCE, seconds, limits=own[1])
    source = str(target.get("source", default_source))
    address = str(target[TARGET_FIELD[source]])
    api = str(target.get("api", "converse"))
    if api not in APIS:
        raise ValueError(f"api {api}")
    return Target(
        name=str(target["name"]),
        address=address,
        weight=weight,
        source=source,
        timeout_seconds=seconds,
        format=str(target.get("format", "inputs")),
        family=str(target.get("family") or target.get("base_model_id") or address),
        api=api,
        serverless=source == "sagemaker" and kind == "serverless",
        model=str(target.get("target_model", "")),
        container=str(target.get("target_container", "")),
        assistant=_assistant(target, api),
        results=int(target.get("results", 5)),
        parameters=own[0],
        limits=own[1],
    )


def _assistant(target: Mapping[str, Any], api: str) -> str:
    if api == KNOWLEDGE_BASE:
        return str(target["knowledge_base_id"])
    return f"{target['agent_id']}/{target['agent_alias_id']}" if api == AGENT else ""
