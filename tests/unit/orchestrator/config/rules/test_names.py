from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import load
from orchestrator.config.loader import build
from orchestrator.config.model.platform import Blueprint
from orchestrator.config.rules import names
from orchestrator.config.rules.names import Kind, Planned
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform, platform_file

REPO = Path(__file__).resolve().parents[5]
SMOKE = {"golden": [{"input": "good", "label": "positive", "contains": ""}]}


BEDROCK = {"source": "bedrock", "model_id": "m"}
SAGEMAKER = {"source": "sagemaker", "group": "reviews"}


def blueprint(name: str, model: Mapping[str, Any] = SAGEMAKER, kind: str = "realtime", **more: Any) -> Blueprint:
    return Blueprint.model_validate({"name": name, "kind": kind, "model": model, "smoke": SMOKE, **more})


@pytest.mark.parametrize(
    "template",
    [
        *names.PLATFORM,
        names.PER_REPOSITORY,
        names.PER_GROUP,
        names.PER_STREAM,
        *names.PER_FILE,
    ],
    ids=lambda template: f"{template.file.removeprefix('modules/')}:{template.text}",
)
def test_a_template_is_what_the_modules_write(template: names.Template) -> None:
    if not template.file:
        assert template.text == "{prefix}-tfstate-{account}-{region}", "the orchestrator makes one name itself"
        return
    texts = [file.read_text(encoding="utf-8") for file in (REPO / "terraform" / template.file).glob("*.tf")]
    assert any(template.hcl in text for text in texts), f"{template.hcl} is nowhere in {template.file}"


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_environments_of_this_repository_have_valid_names(name: str) -> None:
    environment = load(REPO, name)
    planned = names.of_environment(name, environment.platform, environment.files)
    assert not list(names.refused(planned))
    assert Planned(names.BUCKET, f"mlops-{name}-data-000000000000-us-east-1") in planned
    assert Planned(names.SAGEMAKER, f"mlops-{name}-reviews-00000000-v9999") in planned
    assert Planned(names.PROFILE, f"mlops-{name}-chat") in planned


def test_the_one_that_is_furthest_off_comes_first() -> None:
    planned = names.of_platform("integration-tests", platform(project="recommendations", region="ap-southeast-2"))
    (worst, reason), *_ = names.refused(planned)
    assert worst.name == "recommendations-integration-tests-access-logs-000000000000-ap-southeast-2"
    assert reason == f"S3 bucket `{worst.name}` exceeds the limit of 63 characters by 10"


@pytest.mark.parametrize(
    ("kind", "name", "fits"),
    [
        (names.BUCKET, "a" * 63, True),
        (names.BUCKET, "a" * 64, False),
        (names.BUCKET, "sthree-data", False),
        (names.BUCKET, "data-s3alias", False),
        (names.REPOSITORY, "ml--ops-dev/training", False),
        (names.SAGEMAKER, "ml--ops", True),
        (names.ALIAS, "alias/aws/s3", False),
        (names.DATABASE, "mlops_dev_raw", True),
        (names.DATABASE, "mlops-dev-raw", False),
        (names.EVENT_ARCHIVE, "a" * 49, False),
    ],
)
def test_limits_and_characters(kind: Kind, name: str, fits: bool) -> None:
    assert (Planned(kind, name).refusal is None) is fits


def test_a_project_that_is_too_long_with_its_environment_is_refused_on_its_line() -> None:
    with pytest.raises(ConfigError) as error:
        build("integration-tests", platform_file("owner: me-too\nproject: recommendations"), {})
    assert error.value.message == (
        "platform.yaml:2: project: makes a name in environment `integration-tests` that AWS rejects: S3 bucket "
        "`recommendations-integration-tests-access-logs-000000000000-us-east-1` exceeds the limit of "
        "63 characters by 5 (received 'recommendations')"
    )


def test_a_blueprint_that_is_too_long_is_refused_on_its_line() -> None:
    name = "sentiment-of-customer-reviews-eu"
    text = (
        f"name: {name}\nkind: realtime\nmodel: {{source: sagemaker, group: reviews}}\n"
        "smoke: {golden: [{input: good, label: positive}]}\n"
    )
    with pytest.raises(ConfigError) as error:
        build("integration", platform_file("project: recommending"), {name: (f"{name}.yaml", text)})
    assert f"{name}.yaml:1: name: makes a name that AWS rejects: SageMaker name `recommending-" in error.value.message


def planned_of(given: Blueprint) -> dict[Kind, set[str]]:
    by_kind: dict[Kind, set[str]] = {}
    for planned in names.of_file("dev", platform(), given):
        by_kind.setdefault(planned.kind, set()).add(planned.name)
    return by_kind


def test_a_bedrock_blueprint_has_a_profile_and_no_endpoint() -> None:
    [planned] = names.of_file("dev", platform(), blueprint("chat", BEDROCK))
    assert planned == Planned(names.PROFILE, "mlops-dev-chat")


@pytest.mark.parametrize("kind", ["realtime", "serverless"])
def test_an_endpoint_has_a_role(kind: str) -> None:
    assert planned_of(blueprint("reviews", kind=kind)) == {
        names.SAGEMAKER: {"mlops-dev-reviews-00000000-v9999"},
        names.ROLE: {"mlops-dev-reviews-endpoint"},
    }


def test_a_batch_blueprint_has_jobs_and_a_catalog_of_their_results() -> None:
    on_sagemaker = {
        names.SAGEMAKER: {"mlops-dev-many-at-once-0123456789ab-9-999", "mlops-dev-many-at-once-00000000-v9999"},
        names.ROLE: {"mlops-dev-many-at-once-crawler", "mlops-dev-many-at-once-model"},
        names.EVENT_RULE: {"mlops-dev-many-at-once-schedule"},
        names.DATABASE: {"mlops_dev_many_at_once"},
    }
    on_bedrock = {
        names.PROFILE: {"mlops-dev-many-at-once"},
        names.SAGEMAKER: {"mlops-dev-many-at-once-0123456789ab-9-999"},
        names.ROLE: {"mlops-dev-many-at-once-crawler", "mlops-dev-many-at-once-jobs"},
    }
    assert planned_of(blueprint("many-at-once", kind="batch")) == on_sagemaker
    assert planned_of(blueprint("many-at-once", BEDROCK, "batch")) == on_sagemaker | on_bedrock


def test_an_async_blueprint_on_sagemaker_has_an_endpoint_topics_and_a_callback() -> None:
    assert planned_of(blueprint("slow", kind="async")) == {
        names.SAGEMAKER: {"mlops-dev-slow-00000000-v9999"},
        names.ROLE: {"mlops-dev-slow-endpoint", "mlops-dev-slow-callback"},
        names.FUNCTION: {"mlops-dev-slow-callback"},
        names.QUEUE: {"mlops-dev-slow-undelivered"},
        names.TOPIC: {"mlops-dev-slow-completed"},
    }


def test_an_async_blueprint_on_bedrock_has_a_queue_and_a_worker() -> None:
    assert planned_of(blueprint("slow", BEDROCK, "async")) == {
        names.PROFILE: {"mlops-dev-slow"},
        names.ROLE: {"mlops-dev-slow-worker", "mlops-dev-slow-callback"},
        names.FUNCTION: {"mlops-dev-slow-worker", "mlops-dev-slow-callback"},
        names.QUEUE: {"mlops-dev-slow-requests-dead", "mlops-dev-slow-undelivered"},
        names.TOPIC: {"mlops-dev-slow-completed"},
    }


def test_a_guardrail_and_throughput_have_separate_names() -> None:
    by_kind = planned_of(blueprint("chat", BEDROCK, guardrail={"filters": {"HATE": "HIGH"}}))
    assert by_kind[names.GUARDRAIL] == {"mlops-dev-chat"}
    bought = planned_of(blueprint("chat", {**BEDROCK, "provisioned": {"model_units": 1}}))
    assert bought[names.THROUGHPUT] == {"mlops-dev-chat"}
    long = blueprint("answers-for-customers-of-a-shop", BEDROCK, guardrail={"filters": {"HATE": "HIGH"}})
    [(_, reason)] = names.refused(names.of_file("integration-tests", platform(), long))
    assert "Bedrock guardrail" in reason
    assert "exceeds the limit of 50 characters" in reason


def test_what_an_option_brings_has_a_role() -> None:
    assert names.ROLE not in planned_of(blueprint("chat", BEDROCK))
    options: dict[str, Any] = {
        "knowledge_base": {"description": "Manuals."},
        "agent": {"instruction": "Answers questions about what the documents say."},
    }
    by_kind = planned_of(blueprint("chat", BEDROCK, **options))
    assert by_kind[names.ROLE] == {"mlops-dev-chat-knowledge", "mlops-dev-chat-agent"}
    assert by_kind[names.VECTORS] == {"mlops-dev-chat-vectors"}
