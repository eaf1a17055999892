"""The end of a platform. The last of all tests: nothing is left for others."""

from __future__ import annotations

import json

import pytest

from tests.support.checkout import failed
from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


def test_destroy_leaves_nothing_but_the_state_bucket(deployed: Deployed) -> None:
    checkout = deployed.checkout
    done = checkout.orchestrator("destroy", "local", "--yes")
    assert done.returncode == 0, done.stderr[-3000:]
    assert checkout.result()["orphans"] == []
    s3 = checkout.client("s3")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [f"{PREFIX}-tfstate-123456789012-us-east-1"]
    for item in s3.list_objects_v2(Bucket=f"{PREFIX}-tfstate-123456789012-us-east-1")["Contents"]:
        body = s3.get_object(Bucket=f"{PREFIX}-tfstate-123456789012-us-east-1", Key=item["Key"])["Body"].read()
        assert json.loads(body)["resources"] == [], item["Key"]
    # SageMaker made some when the pipeline probed its candidate, and no state knew them.
    groups = checkout.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups if PREFIX in group["logGroupName"]] == []
    assert checkout.client("sagemaker").list_endpoints()["Endpoints"] == []
    assert checkout.client("lambda").list_functions()["Functions"] == []
    output = failed(checkout.orchestrator("outputs", "local", "blueprint-reviews"), 1)
    assert "error: `blueprint-reviews` is not deployed in `local`" in output
