"""The registry of kinds: one class per kind of inference."""

from __future__ import annotations

from orchestrator.blueprints.async_inference import AsyncStack
from orchestrator.blueprints.batch import BatchStack
from orchestrator.blueprints.realtime import RealtimeStack
from orchestrator.blueprints.serverless import ServerlessStack
from orchestrator.blueprints.stack import BlueprintStack

KINDS: dict[str, type[BlueprintStack]] = {
    "realtime": RealtimeStack,
    "serverless": ServerlessStack,
    "batch": BatchStack,
    "async": AsyncStack,
}
