"""What the modules of endpoints and jobs repeat of each other stays the same in all of them (ADR 15)."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import TERRAFORM, read

REALTIME, SERVERLESS, ASYNC, BATCH = "realtime_endpoint", "serverless_endpoint", "async_endpoint", "batch_transform"
ENDPOINTS = (REALTIME, SERVERLESS, ASYNC)

SHARED = [
    ("module.role", (REALTIME, SERVERLESS)),
    ("resource.aws_cloudwatch_log_group.endpoint", ENDPOINTS),
    ("resource.aws_cloudwatch_metric_alarm.errors", (REALTIME, SERVERLESS)),
    ("resource.aws_cloudwatch_metric_alarm.latency", (REALTIME, SERVERLESS)),
    ("variable.boundary_arn", ENDPOINTS),
    ("variable.context", (*ENDPOINTS, BATCH)),
    ("variable.model_group", (*ENDPOINTS, BATCH)),
    ("variable.topic_arn", ENDPOINTS),
    ("output.endpoint_config_name", ENDPOINTS),
    ("output.endpoint_name", ENDPOINTS),
    ("output.route_parameter_name", (*ENDPOINTS, BATCH)),
]


@pytest.mark.parametrize(("name", "modules"), SHARED, ids=[name for name, _ in SHARED])
def test_a_shared_block_is_the_same_everywhere(name: str, modules: tuple[str, ...]) -> None:
    # A module that takes one key calls it `kms_key_arn`; one that takes several picks it from `kms_key_arns`.
    bodies = {module: body(module, name).replace("kms_key_arns.logs", "kms_key_arn") for module in modules}
    assert len(set(bodies.values())) == 1, f"`{name}` differs: {', '.join(modules)}"


ROUTED = sorted(folder.name for folder in (TERRAFORM / "modules").iterdir() if (folder / "route.tf").is_file())


@pytest.mark.parametrize("module", ROUTED)
def test_every_route_record_tells_the_limits(module: str) -> None:
    assert "limits = local.limits" in body(module, "resource.aws_ssm_parameter.route")
    assert "var.blueprint.limits" in body(module, "variable.blueprint")


def body(module: str, name: str) -> str:
    [block] = [each for each in read(TERRAFORM / "modules" / module) if each.name == name]
    return block.body
