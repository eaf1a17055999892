"""
metadata:
  id: MLOPS_NETWORK_2
  name: No resource has an address or a permission that the public can use
  category: NETWORKING
  severity: HIGH
  risk: >
    Clients use the inference API, with a key and a limit. A second entry point (a public address, a function URL,
    an ACL or a share for all principals) has neither, and is not monitored.
  repair: >
    disable public access (internal = true, publicly_accessible = false, authorization_type = "AWS_IAM" ...), or
    name the allowed callers
"""

from typing import Any

from rulekit import PlatformRule, all_of, is_known, only, values

NO, YES = ("false",), ("true",)
OWN_ACLS = ("private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write")
GRANTEE = "grant.grantee.uri"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/logdelivery"
BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
NOT_PUBLIC = ("publicly_accessible", NO, True)
# Attribute, the values that keep it private, and whether it is private when the attribute is missing.
PRIVATE: dict[str, list[tuple[str, tuple[str, ...], bool]]] = {
    "aws_ami_launch_permission": [("group", (), True)],
    "aws_alb": [("internal", YES, False)],
    "aws_cloudwatch_event_target": [("ecs_target.network_configuration.assign_public_ip", NO, True)],
    "aws_db_instance": [NOT_PUBLIC],
    "aws_default_subnet": [("map_public_ip_on_launch", NO, False), ("assign_ipv6_address_on_creation", NO, True)],
    "aws_dms_replication_instance": [NOT_PUBLIC],
    "aws_ecs_service": [("network_configuration.assign_public_ip", NO, True)],
    "aws_ecs_task_set": [("network_configuration.assign_public_ip", NO, True)],
    "aws_elb": [("internal", YES, False)],
    "aws_instance": [
        ("associate_public_ip_address", NO, True),
        ("ipv6_address_count", ("0",), True),
        ("ipv6_addresses", (), True),
    ],
    "aws_lambda_function_url": [("authorization_type", ("aws_iam",), False)],
    "aws_launch_configuration": [("associate_public_ip_address", NO, True)],
    "aws_launch_template": [("network_interfaces.associate_public_ip_address", NO, True)],
    "aws_lb": [("internal", YES, False)],
    "aws_mq_broker": [NOT_PUBLIC],
    "aws_msk_cluster": [("broker_node_group_info.connectivity_info.public_access.type", ("disabled",), True)],
    "aws_neptune_cluster_instance": [NOT_PUBLIC],
    "aws_rds_cluster_instance": [NOT_PUBLIC],
    "aws_redshift_cluster": [("publicly_accessible", NO, False)],
    "aws_redshiftserverless_workgroup": [NOT_PUBLIC],
    "aws_s3_access_point": [(f"public_access_block_configuration.{name}", YES, True) for name in BLOCKS],
    "aws_s3_account_public_access_block": [(name, YES, False) for name in BLOCKS],
    "aws_s3_bucket": [("acl", OWN_ACLS, True), (GRANTEE, (LOG_DELIVERY,), True), ("grant.uri", (LOG_DELIVERY,), True)],
    "aws_s3_bucket_acl": [("acl", OWN_ACLS, True), (f"access_control_policy.{GRANTEE}", (LOG_DELIVERY,), True)],
    "aws_s3_bucket_object": [("acl", OWN_ACLS, True)],
    "aws_s3_object": [("acl", OWN_ACLS, True)],
    "aws_s3control_multi_region_access_point": [(f"details.public_access_block.{name}", YES, True) for name in BLOCKS],
    "aws_s3_object_copy": [("acl", OWN_ACLS, True), ("grant.uri", (), True)],
    "aws_sagemaker_notebook_instance": [("direct_internet_access", ("disabled",), False)],
    "aws_spot_instance_request": [("associate_public_ip_address", NO, True)],
    "aws_subnet": [("map_public_ip_on_launch", NO, True), ("assign_ipv6_address_on_creation", NO, True)],
}
IN_THE_VPC = {
    "aws_elasticsearch_domain": "vpc_options.subnet_ids",
    "aws_opensearch_domain": "vpc_options.subnet_ids",
}
"""Types that have a public address unless they are placed in a VPC."""
ORIGINS = {
    "aws_apigatewayv2_api": "cors_configuration.allow_origins",
    "aws_lambda_function_url": "cors.allow_origins",
    "aws_s3_bucket": "cors_rule.allowed_origins",
    "aws_s3_bucket_cors_configuration": "cors_rule.allowed_origins",
}
"""Attributes with the sites from which a browser may call; `*` admits every site."""


class NotPublic(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind == "aws_lambda_permission":
            return _permission(block)
        if kind == "aws_lambda_layer_version_permission":
            return values(block, "principal") != ["*"] or bool(values(block, "organization_id"))
        if kind in IN_THE_VPC:
            return bool(values(block, IN_THE_VPC[kind]))
        private = (only(block, path, allowed, when_missing=missing) for path, allowed, missing in PRIVATE.get(kind, []))
        return all_of(*private, _not_from_everywhere(block, kind))


def _not_from_everywhere(block: dict[str, Any], kind: str) -> bool | None:
    origins = values(block, ORIGINS[kind]) if kind in ORIGINS else []
    return False if "*" in origins else all_of(*(is_known(origin) or None for origin in origins))


def _permission(block: dict[str, Any]) -> bool | None:
    """Tell whether the caller is named, and a service calls for a resource or account of ours."""
    principal = str(next(iter(values(block, "principal")), "*"))
    if principal == "*" or values(block, "function_url_auth_type") == ["NONE"]:
        return False
    limited = bool(values(block, "source_arn") or values(block, "source_account") or values(block, "principal_org_id"))
    return limited or not principal.endswith(".amazonaws.com")


OTHERS = ["aws_lambda_permission", "aws_lambda_layer_version_permission"]
check = NotPublic(__doc__, sorted({*PRIVATE, *ORIGINS, *IN_THE_VPC, *OTHERS}))
