"""The probe of what an endpoint runs."""

from __future__ import annotations

import pytest

from orchestrator.core.types import Json
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import RELEASES, REVIEWS, RUNNING, VERSION, parameters, probe


def test_an_endpoint_that_runs_something_else_is_red(cloud: FakeCloud) -> None:
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)})
    result = probe(cloud, REVIEWS)["reviews", "endpoint-config"]
    assert result.status == "failed"
    assert result.detail == (
        f"the endpoint mlops-local-reviews runs {RUNNING}, "
        "but specification and version require mlops-local-reviews-1a2b3c4d-v4"
    )


def test_the_last_release_is_part_of_the_reason(cloud: FakeCloud) -> None:
    record = {"status": "rolled-back", "reason": "ProbeFailed", "asked": False, "model_package_arn": VERSION.format(3)}
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)}, records=record)
    assert probe(cloud, REVIEWS)["reviews", "endpoint-config"].detail.endswith(
        "require mlops-local-reviews-1a2b3c4d-v4; the last release rolled-back: ProbeFailed"
    )


def test_a_pinned_version_is_the_expected_one(cloud: FakeCloud) -> None:
    record = {"status": "released", "asked": True, "model_package_arn": VERSION.format(3)}
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)}, records=record)
    assert probe(cloud, REVIEWS)["reviews", "endpoint-config"].status == "ok"


@pytest.mark.parametrize("options", [{}, {"multi_model": {"default": "a.tar.gz"}}, {"kind": "serverless"}])
def test_every_endpoint_of_sagemaker_is_compared(cloud: FakeCloud, options: Json) -> None:
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)})
    result = probe(cloud, {**REVIEWS, **options})["reviews", "endpoint-config"]
    assert result.status == "failed"
    assert result.detail.startswith(f"the endpoint mlops-local-reviews runs {RUNNING}")


def test_a_missing_specification_is_red(cloud: FakeCloud) -> None:
    cloud.services["ssm"] = parameters(specs=None)
    result = probe(cloud, REVIEWS)["reviews", "endpoint-config"]
    assert (result.status, result.detail) == ("failed", f"the parameter {RELEASES}/specs/reviews does not exist")


def test_an_endpoint_out_of_service_is_reported_with_its_reason(cloud: FakeCloud) -> None:
    cloud.services["sagemaker"]["describe_endpoint"] = {
        "EndpointStatus": "Failed",
        "EndpointConfigName": RUNNING,
        "FailureReason": "the container did not pass the ping",
    }
    result = probe(cloud, REVIEWS)["reviews", "endpoint-config"]
    assert result.detail == (
        "the endpoint mlops-local-reviews is Failed, not InService: the container did not pass the ping"
    )
