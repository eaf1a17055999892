"""Options of a blueprint reach the module that they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config import load
from orchestrator.config.model.platform import Blueprint
from tests.unit.orchestrator.blueprints.stacks import (
    ALL,
    CHAT,
    REPO,
    REVIEWS,
    written,
)


def test_options_of_an_endpoint_reach_its_module(tmp_path: Path) -> None:
    options = {
        "weight": 9,
        "variants": {"challenger": {"weight": 1, "version": 3}},
        "data_capture": {"sampling_percent": 20},
    }
    configured = Blueprint.model_validate({**REVIEWS.model_dump(exclude_none=True), **options})
    document = written(tmp_path, configured)["module"]
    given = document["endpoint"]["blueprint"]
    assert {name: given[name] for name in options} == {
        "weight": 9,
        "variants": {"challenger": {"weight": 1, "instance_type": "ml.m5.large", "instance_count": 1, "version": 3}},
        "data_capture": {"sampling_percent": 20},
    }
    assert document["s3_access"]["write"] == ["inference_realtime_logs/reviews"]


def test_other_containers_are_pinned_versions_of_their_groups(tmp_path: Path) -> None:
    containers = {"mode": "serial", "others": {"language": {"group": "language", "version": 4}}}
    configured = REVIEWS.model_copy(
        update={"containers": Blueprint.model_validate({**REVIEWS.model_dump(), "containers": containers}).containers}
    )
    given = written(tmp_path, configured)["module"]["endpoint"]["blueprint"]["containers"]
    group = '${var.foundation.model_registry.group_names["language"]}'
    assert given == {
        "mode": "serial",
        "target": "primary",
        "others": [{"name": "language", "group": group, "version": 4}],
    }


def test_throughput_and_guardrail_of_a_bedrock_blueprint(tmp_path: Path) -> None:
    model = {**CHAT.model.model_dump(exclude_none=True), "provisioned": {"commitment": "OneMonth"}}
    more = {"model": model, "guardrail": {"filters": {"HATE": "HIGH"}}}
    configured = Blueprint.model_validate({**CHAT.model_dump(exclude_unset=True), **more})
    given = written(tmp_path, configured)["module"]["model"]
    assert given["provisioned"] == {"model_units": 1, "commitment": "OneMonth"}
    assert given["guardrail"]["filters"] == {"HATE": "HIGH"}
    assert given["guardrail"]["kms_key_arn"] == "${var.foundation.kms.data_key_arn}"


@ALL
def test_others_that_the_router_may_ask_are_handed_on(tmp_path: Path, blueprint: Blueprint) -> None:
    routing = {"fallback": ["spare"], "share_percent": {"spare": 10}, "shadow": {"blueprint": "next"}, "retries": 1}
    more = {"routing": routing, "limits": {"max_tokens": 500, "max_inputs": 20}}
    configured = Blueprint.model_validate({**blueprint.model_dump(exclude_unset=True), **more})
    modules = written(tmp_path / "asked", configured)["module"].values()
    [given] = (each["blueprint"] for each in modules if "blueprint" in each)
    assert given["routing"] == {**routing, "shadow": {"blueprint": "next", "percent": 10}}
    assert given["limits"] == more["limits"]
    modules = written(tmp_path / "bare", blueprint)["module"].values()
    [bare] = (each["blueprint"] for each in modules if "blueprint" in each)
    assert not {"routing", "limits"} & set(bare), "what is not given is left to the functions"


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_blueprints_of_this_repository_have_a_fallback(tmp_path: Path, name: str) -> None:
    environment = load(REPO, name)
    configured = {each.name: each.routing.fallback for each in environment.blueprints if each.routing.fallback}
    assert configured["reviews"] == ["reviews-serverless"]
    for blueprint in environment.blueprints:
        modules = written(tmp_path / blueprint.name, blueprint)["module"].values()
        given = [each["blueprint"].get("routing", {}) for each in modules if "blueprint" in each]
        fallbacks = [name for routing in given for name in routing.get("fallback", [])]
        assert fallbacks == configured.get(blueprint.name, [])
