"""Blueprints of every kind, and what `synth` writes for them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestrator.blueprints import synth
from orchestrator.config.model.platform import Blueprint, Environment
from tests.fakes.platforms import platform

REPO = Path(__file__).resolve().parents[4]
GOLDEN = {"golden": [{"input": "Great.", "label": "positive"}]}
REVIEWS = Blueprint.model_validate(
    {
        "name": "reviews",
        "kind": "realtime",
        "model": {"source": "sagemaker", "group": "reviews"},
        "instance_type": "ml.c5.large",
        "instance_count": 2,
        "autoscaling": {"min": 1, "max": 3},
        "parameters": {"threshold": 0.5},
        "smoke": GOLDEN,
    }
)
CHAT = Blueprint.model_validate(
    {
        "name": "chat",
        "kind": "realtime",
        "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
        "parameters": {"max_tokens": 256},
        "smoke": GOLDEN,
    }
)
REVIEWS_SERVERLESS = Blueprint.model_validate(
    {
        "name": "reviews-serverless",
        "kind": "serverless",
        "model": {"source": "sagemaker", "group": "reviews"},
        "serverless": {"memory_mb": 1024, "max_concurrency": 10, "provisioned_concurrency": 1},
        "smoke": GOLDEN,
    }
)
CHAT_SERVERLESS = CHAT.model_copy(update={"name": "chat-serverless", "kind": "serverless"})
ALL = pytest.mark.parametrize(
    "blueprint", [REVIEWS, CHAT, REVIEWS_SERVERLESS, CHAT_SERVERLESS], ids=lambda each: each.name
)
REVIEWS_ASYNC = Blueprint.model_validate(
    {
        "name": "reviews-async",
        "kind": "async",
        "model": {"source": "sagemaker", "group": "reviews"},
        "async": {"max_concurrency": 8, "max_instances": 3},
        "limits": {"max_tokens": 500, "max_inputs": 20},
        "smoke": GOLDEN,
    }
)
CHAT_ASYNC = Blueprint.model_validate(
    {
        "name": "chat-async",
        "kind": "async",
        "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
        "parameters": {"max_tokens": 256},
        "guardrail": {"filters": {"HATE": "HIGH"}},
        "async": {
            "max_concurrency": 6,
            "timeout_seconds": 100,
            "callback": {"webhook": "https://example.com/hook", "emails": ["team@example.com"], "table": True},
        },
        "limits": {"max_total_tokens": 5000},
        "smoke": GOLDEN,
    }
)
ENVIRONMENT = Environment(
    name="dev",
    platform=platform(monitoring={"latency_ms": 1500, "error_rate_percent": 2}),
    blueprints=(REVIEWS, CHAT),
)


def checkout(folder: Path) -> Path:
    """As much of a checkout as synthesis reads."""
    (folder / "terraform").mkdir(parents=True)
    shutil.copy(REPO / "terraform" / ".terraform.lock.hcl", folder / "terraform")
    return folder


def written(folder: Path, blueprint: Blueprint) -> dict[str, Any]:
    repo = checkout(folder)
    out = repo / "build" / "dev" / f"blueprint-{blueprint.name}"
    synth(ENVIRONMENT, blueprint, out, repo)
    document: dict[str, Any] = json.loads((out / "cdk.tf.json").read_text())
    return document


def without_comments(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_comments(each) for key, each in value.items() if key not in ("//", "description")}
    return [without_comments(each) for each in value] if isinstance(value, list) else value
