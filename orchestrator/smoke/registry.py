"""All probes, in the order in which they run."""

from __future__ import annotations

from orchestrator.smoke.api import Api
from orchestrator.smoke.api_bad_request import ApiBadRequest
from orchestrator.smoke.api_no_key import ApiNoKey
from orchestrator.smoke.api_throttled import ApiThrottled
from orchestrator.smoke.async_inference import AsyncCompletes, AsyncFails, AsyncRefuses
from orchestrator.smoke.base import Probe
from orchestrator.smoke.batch import Batch
from orchestrator.smoke.bedrock_direct import BedrockDirect
from orchestrator.smoke.endpoint_config import EndpointConfig
from orchestrator.smoke.endpoint_direct import EndpointDirect

PROBES: tuple[Probe, ...] = (
    EndpointConfig(),
    EndpointDirect(),
    BedrockDirect(),
    Api(),
    ApiNoKey(),
    ApiBadRequest(),
    ApiThrottled(),
    AsyncCompletes(),
    AsyncFails(),
    AsyncRefuses(),
    Batch(),
)

ONCE = frozenset({Batch.name})
"""Probes that skip their jobs if an earlier deployment of the same configuration has proven them."""
