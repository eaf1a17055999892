"""Other public access, and endpoints that scale by the wrong metric; see `test_spellings.py` for the names."""

from __future__ import annotations

from typing import Any

from tests.policies.spellings import Resource, block, resource

RULE = "MLOPS_NETWORK_2"
ALL_USERS = block(type="Group", uri="http://acs.amazonaws.com/groups/global/AllUsers")
ACCOUNT = "123456789012"
BLOCKED = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)


def _vpc(name: str) -> dict[str, Any]:
    return {"vpc_options": block(subnet_ids=[name])}


# Type, arguments without public access, and arguments with it.
ARGUMENTS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("aws_alb", [{"internal": True}], [{}, {"internal": False}]),
    ("aws_ami_launch_permission", [{"account_id": ACCOUNT}], [{"group": "all"}]),
    ("aws_db_instance", [{}], [{"publicly_accessible": True}]),
    ("aws_default_subnet", [{"map_public_ip_on_launch": False}], [{}]),
    ("aws_dms_replication_instance", [{}], [{"publicly_accessible": True}]),
    (
        "aws_ecs_service",
        [{"network_configuration": block(subnets=["s"])}],
        [{"network_configuration": block(subnets=["s"], assign_public_ip=True)}],
    ),
    (
        "aws_cloudwatch_event_target",
        [{"arn": "a"}],
        [{"ecs_target": block(network_configuration=block(subnets=["s"], assign_public_ip=True))}],
    ),
    ("aws_elasticsearch_domain", [_vpc("s")], [{}]),
    ("aws_elb", [{"internal": True}], [{}]),
    (
        "aws_instance",
        [{"associate_public_ip_address": False}],
        [{"associate_public_ip_address": True}, {"ipv6_address_count": 1}, {"ipv6_addresses": ["2600:1f18::1"]}],
    ),
    (
        "aws_lambda_function_url",
        [
            {"authorization_type": "AWS_IAM"},
            {"authorization_type": "AWS_IAM", "cors": block(allow_origins=["https://own.example.org"])},
        ],
        [{"authorization_type": "NONE"}, {"authorization_type": "AWS_IAM", "cors": block(allow_origins=["*"])}],
    ),
    (
        "aws_lambda_layer_version_permission",
        [{"principal": ACCOUNT}, {"principal": "*", "organization_id": "o-1"}],
        [{"principal": "*"}],
    ),
    (
        "aws_lambda_permission",
        [{"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::b"}],
        [{"principal": "*"}, {"principal": "*", "function_url_auth_type": "NONE"}, {"principal": "s3.amazonaws.com"}],
    ),
    (
        "aws_launch_template",
        [{"network_interfaces": block(associate_public_ip_address="false")}],
        [{"network_interfaces": block(associate_public_ip_address="true")}],
    ),
    ("aws_mq_broker", [{}], [{"publicly_accessible": True}]),
    ("aws_neptune_cluster_instance", [{}], [{"publicly_accessible": True}]),
    ("aws_opensearch_domain", [_vpc("s")], [{}]),
    ("aws_rds_cluster_instance", [{}], [{"publicly_accessible": True}]),
    ("aws_redshift_cluster", [{"publicly_accessible": False}], [{}]),
    (
        "aws_s3_access_point",
        [{}, {"public_access_block_configuration": block(**BLOCKED)}],
        [{"public_access_block_configuration": block(**{**BLOCKED, name: False})} for name in BLOCKED],
    ),
    (
        "aws_s3control_multi_region_access_point",
        [{"details": block(name="m", public_access_block=block(**BLOCKED))}],
        [{"details": block(name="m", public_access_block=block(**{**BLOCKED, name: False}))} for name in BLOCKED],
    ),
    (
        "aws_s3_bucket_cors_configuration",
        [{"bucket": "b", "cors_rule": block(allowed_methods=["GET"], allowed_origins=["https://own.example.org"])}],
        [{"bucket": "b", "cors_rule": block(allowed_methods=["GET"], allowed_origins=["*"])}],
    ),
    (
        "aws_apigatewayv2_api",
        [{"name": "a"}],
        [{"name": "a", "cors_configuration": block(allow_origins=["https://own.example.org", "*"])}],
    ),
    ("aws_s3_account_public_access_block", [BLOCKED], [{}, *({**BLOCKED, name: False} for name in BLOCKED)]),
    (
        "aws_s3_bucket_acl",
        [{"bucket": "b", "acl": "private"}, {"bucket": "b", "acl": "log-delivery-write"}],
        [
            {"bucket": "b", "acl": "public-read"},
            {"bucket": "b", "acl": "authenticated-read"},
            {"bucket": "b", "access_control_policy": block(grant=block(permission="READ", grantee=ALL_USERS))},
        ],
    ),
    ("aws_s3_object", [{}, {"acl": "bucket-owner-full-control"}], [{"acl": "public-read"}]),
    ("aws_subnet", [{}], [{"map_public_ip_on_launch": True}, {"assign_ipv6_address_on_creation": True}]),
]
CASES = [
    resource(kind, f"{verdict}_{number}", **arguments)
    for kind, shut, opened in ARGUMENTS
    for verdict, each in (("pass", shut), ("fail", opened))
    for number, arguments in enumerate(each)
]

SCALING = "MLOPS_SAGEMAKER_8"
_CALLS = block(predefined_metric_type="SageMakerVariantInvocationsPerInstance")

_BACKLOG = block(metric_name="ApproximateBacklogSizePerInstance", namespace="AWS/SageMaker")


def _endpoint(name: str, **configuration: Any) -> list[Resource]:
    variant = block(variant_name="primary", model_name="m", instance_type="ml.m5.large")
    own = {"name": f"{name}-1", "production_variants": variant, **configuration}
    return [
        resource("aws_sagemaker_endpoint_configuration", name, **own),
        resource("aws_sagemaker_endpoint", name, name=name, endpoint_config_name=f"{name}-1"),
    ]


def _policy(name: str, endpoint: str, **metric: Any) -> Resource:
    return resource(
        "aws_appautoscaling_policy", name, service_namespace="sagemaker",
        resource_id=f"endpoint/{endpoint}/variant/primary", scalable_dimension="sagemaker:variant:DesiredInstanceCount",
        target_tracking_scaling_policy_configuration=block(target_value=1, **metric),
    )  # fmt: skip


ENDPOINTS = [
    *_endpoint("queued", async_inference_config=block(output_config=block(s3_output_path="s3://b/out/"))),
    *_endpoint("direct"),
    _policy("fail_queued", "queued", predefined_metric_specification=_CALLS),
    _policy("pass_direct", "direct", predefined_metric_specification=_CALLS),
    _policy("pass_queued", "queued", customized_metric_specification=_BACKLOG),
]
