"""The registry of kinds: one class per kind of file from which a stack is synthesised."""

from __future__ import annotations

from orchestrator.blueprints.async_inference import AsyncStack
from orchestrator.blueprints.batch import BatchStack
from orchestrator.blueprints.dataset import DatasetStack
from orchestrator.blueprints.realtime import RealtimeStack
from orchestrator.blueprints.serverless import ServerlessStack
from orchestrator.blueprints.stack import FileStack
from orchestrator.blueprints.training import TrainingStack

KINDS: dict[str, type[FileStack]] = {
    "dataset": DatasetStack,
    "training": TrainingStack,
    "realtime": RealtimeStack,
    "serverless": ServerlessStack,
    "batch": BatchStack,
    "async": AsyncStack,
}
