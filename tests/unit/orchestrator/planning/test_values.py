from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import Environment
from orchestrator.config.model.blueprint import Autoscaling
from orchestrator.core.package import Package
from orchestrator.core.state import State
from orchestrator.errors import PlatformError
from orchestrator.planning.graph import Graph
from orchestrator.planning.values import (
    HASH_KEY,
    MODEL_VERSION_KEYS,
    Facts,
    context,
    live_parameter,
    published,
    state_bucket,
    tags,
    tfvars,
    waits_for,
)
from tests.fakes.tools import OUTPUTS, VERSION

ACCOUNT = "123456789012"


def facts(**changes: Any) -> Facts:
    packages = {"etl_script": Package("etl_script", Path("/build/etl.py"), "sha=")}
    values: dict[str, Any] = {"account_id": ACCOUNT, "emulated": True, "packages": packages, "outputs": OUTPUTS}
    return Facts(**{**values, **changes})


def test_a_root_gets_only_the_values_that_its_phase_lists(environment: Environment, graph: Graph) -> None:
    values = tfvars(environment, graph.stack("data"), facts())
    sections = {"data", "sharing", "streaming", "emr", "efs"}
    assert set(values) == sections | {"context", "foundation", "packages", "provider_options"}
    assert values["packages"] == {"etl_script": {"path": "/build/etl.py", "sha256_base64": "sha="}}
    assert values["data"] == environment.platform.data.model_dump()


def test_the_context(environment: Environment, graph: Graph) -> None:
    assert tfvars(environment, graph.stack("foundation"), facts())["context"] == {
        "project": "mlops",
        "environment": "local",
        "region": "us-east-1",
        "account_id": ACCOUNT,
        "name_prefix": "mlops-local",
        "protected": False,
        "log_retention_days": 7,
        "tags": {
            "project": "mlops",
            "environment": "local",
            "owner": "ml-platform",
            "cost-center": "ml-platform",
            "managed-by": "terraform",
            "phase": "foundation",
        },
    }


def test_own_tags_never_override_tags_of_the_platform(environment: Environment) -> None:
    changes = {"tags": {"team": "nlp", "phase": "mine"}, "expires_at": dt.date(2027, 1, 31)}
    platform = environment.platform.model_copy(update=changes)
    actual = tags(environment.model_copy(update={"platform": platform}), "data")
    assert (actual["team"], actual["phase"], actual["expires-at"]) == ("nlp", "data", "2027-01-31")


@pytest.mark.parametrize(("emulated", "path_style", "retries"), [(True, True, 25), (False, False, 25)])
def test_provider_options(
    environment: Environment, graph: Graph, emulated: bool, path_style: bool, retries: int
) -> None:
    options = tfvars(environment, graph.stack("foundation"), facts(emulated=emulated))["provider_options"]
    assert options == {"s3_use_path_style": path_style, "max_retries": retries}


def test_a_missing_upstream_is_named_with_the_command_that_deploys_it(environment: Environment, graph: Graph) -> None:
    with pytest.raises(PlatformError) as error:
        tfvars(environment, graph.stack("data"), facts(outputs={}))
    assert error.value.message == "stack `data` needs the outputs of `foundation`, which is not deployed"
    assert error.value.hint == "deploy it first: `orchestrator phase rollout local --phase foundation`"


def test_monitoring_gets_every_blueprint_before_it_is_deployed(environment: Environment, graph: Graph) -> None:
    assert tfvars(environment, graph.stack("monitoring"), facts())["blueprints"] == {
        "chat": {"kind": "realtime", "source": "bedrock", "endpoint_name": None},
        "chat-async": {"kind": "async", "source": "bedrock", "endpoint_name": None},
        "chat-batch": {"kind": "batch", "source": "bedrock", "endpoint_name": None},
        "chat-serverless": {"kind": "serverless", "source": "bedrock", "endpoint_name": None},
        "reviews": {"kind": "realtime", "source": "sagemaker", "endpoint_name": "mlops-local-reviews"},
        "reviews-async": {"kind": "async", "source": "sagemaker", "endpoint_name": "mlops-local-reviews-async"},
        "reviews-batch": {"kind": "batch", "source": "sagemaker", "endpoint_name": None},
        "reviews-serverless": {
            "kind": "serverless",
            "source": "sagemaker",
            "endpoint_name": "mlops-local-reviews-serverless",
        },
    }


def test_a_sagemaker_blueprint_waits_for_a_version_and_then_gets_it(environment: Environment, graph: Graph) -> None:
    reviews, chat = graph.stack("blueprint-reviews"), graph.stack("blueprint-chat")
    assert waits_for(environment, reviews, facts()) == "reviews"
    assert waits_for(environment, chat, facts()) is None
    live = facts(model_versions={"reviews": VERSION})
    assert waits_for(environment, reviews, live) is None
    version = tfvars(environment, reviews, live)["model_version"]
    assert version == {key: VERSION[key] for key in MODEL_VERSION_KEYS} | {HASH_KEY: VERSION[HASH_KEY]}
    older = facts(model_versions={"reviews": {key: VERSION[key] for key in MODEL_VERSION_KEYS}})
    assert set(tfvars(environment, reviews, older)["model_version"]) == set(MODEL_VERSION_KEYS)
    assert "model_version" not in tfvars(environment, chat, live)


def test_the_published_object_is_the_output_of_the_phases_name(graph: Graph) -> None:
    state = State(1, "l", {"data": {"a": 1}, "blueprint": {"b": 2}, "other": {}}, ())
    assert published(graph.stack("data"), state) == {"a": 1}
    assert published(graph.stack("blueprint-chat"), state) == {"b": 2}
    assert published(graph.stack("models"), state) is None


def test_names(environment: Environment) -> None:
    assert live_parameter(environment, "reviews") == "/mlops/local/models/reviews/live"
    assert state_bucket(environment, ACCOUNT) == "mlops-local-tfstate-123456789012-us-east-1"


@pytest.mark.parametrize(
    ("blueprint", "target", "setting", "fixed"),
    [
        ("reviews", "local", None, True),
        ("reviews", "aws", None, False),
        ("reviews", "aws", True, True),
        ("reviews", "local", False, False),
        ("reviews-serverless", "local", None, False),
        ("reviews-async", "local", None, False),
        ("chat", "local", None, False),
    ],
)
def test_an_endpoint_of_fixed_size_is_tagged(
    environment: Environment, graph: Graph, blueprint: str, target: str, setting: bool | None, fixed: bool
) -> None:
    inference = environment.platform.inference.model_copy(update={"fixed_size": setting})
    platform = environment.platform.model_copy(update={"target": target, "inference": inference})
    chosen = environment.model_copy(update={"platform": platform, "name": "sandbox"})
    actual = context(chosen, graph.stack(f"blueprint-{blueprint}"), ACCOUNT)["tags"]
    assert (actual.get("endpoint-size") == "fixed") is fixed
    assert "endpoint-size" not in context(chosen, graph.stack("foundation"), ACCOUNT)["tags"]


def test_a_scaling_endpoint_is_not_of_fixed_size(environment: Environment, graph: Graph) -> None:
    scaling = tuple(
        each.model_copy(update={"autoscaling": Autoscaling(max=2)} if each.name == "reviews" else {})
        for each in environment.blueprints
    )
    chosen = environment.model_copy(update={"blueprints": scaling})
    assert "endpoint-size" not in context(chosen, graph.stack("blueprint-reviews"), ACCOUNT)["tags"]
