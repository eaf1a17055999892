from __future__ import annotations

import pytest

from orchestrator.core.types import Json
from tests.unit.orchestrator.risk.conftest import Found, allow, change, policy

CLOSED = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)
FOREIGN = "arn:aws:iam::999999999999:root"


@pytest.mark.parametrize(
    ("type_", "values", "reason"),
    [
        ("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"},
         "open to 0.0.0.0/0 on every port"),
        ("aws_vpc_security_group_ingress_rule",
         {"cidr_ipv6": "::/0", "ip_protocol": "tcp", "from_port": 22, "to_port": 22}, "open to ::/0 on port 22-22"),
        ("aws_security_group_rule",
         {"type": "ingress", "protocol": "tcp", "from_port": 0, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]},
         "open to 0.0.0.0/0 on port 0-443"),
        ("aws_security_group",
         {"ingress": [{"cidr_blocks": ["10.0.0.0/8", "8.0.0.0/7"], "from_port": 80, "to_port": 80, "protocol": "tcp"}]},
         "open to 8.0.0.0/7 on port 80-80"),
        ("aws_vpc_security_group_ingress_rule", {"prefix_list_id": "pl-1", "ip_protocol": "-1"},
         "open to the prefix list pl-1 on every port"),
        ("aws_security_group_rule",
         {"type": "ingress", "protocol": "tcp", "from_port": 1, "to_port": 2, "prefix_list_ids": ["pl-1"]},
         "open to the prefix list pl-1 on port 1-2"),
        ("aws_security_group", {"ingress": [{"prefix_list_ids": ["pl-1"], "protocol": "-1"}]},
         "open to the prefix list pl-1 on every port"),
        ("aws_ec2_managed_prefix_list", {"entry": [{"cidr": "10.0.0.0/8"}, {"cidr": "0.0.0.0/1"}]},
         "the prefix list holds 0.0.0.0/1"),
        ("aws_ec2_managed_prefix_list_entry", {"cidr": "0::/0"}, "the prefix list holds 0::/0"),
        ("aws_vpc_security_group_ingress_rule", {"cidr_ipv6": "::ffff:0:0/96", "ip_protocol": "-1"},
         "open to ::ffff:0:0/96 on every port"),
        ("aws_network_acl_rule", {"rule_action": "ALLOW", "egress": False, "protocol": "-1", "cidr_block": "0.0.0.0/0"},
         "open to 0.0.0.0/0 on every port"),
        ("aws_default_network_acl", {"ingress": [{"action": "allow", "protocol": "-1", "ipv6_cidr_block": "::/0"}]},
         "open to ::/0 on every port"),
        ("aws_s3_bucket_public_access_block", {**CLOSED, "block_public_policy": False}, "`block_public_policy` is off"),
        ("aws_s3_bucket_acl", {"acl": "public-read"}, "the ACL is public-read"),
        ("aws_s3_object", {"acl": "authenticated-read"}, "the ACL is authenticated-read"),
        ("aws_s3_bucket_acl", {"access_control_policy": [{"grant": [{"grantee": [{"uri": "a/AllUsers"}]}]}]},
         "the ACL names a/AllUsers"),
        ("aws_s3_bucket_policy", {"policy": policy(allow("s3:GetObject", "b/*", Principal="*"))},
         "anyone may s3:GetObject"),
        ("aws_sns_topic_policy", {"policy": policy(allow("sns:Publish", "t", Principal={"AWS": "*"}))},
         "anyone may sns:Publish"),
        ("aws_sqs_queue", {"policy": policy(allow("sqs:SendMessage", "q", Principal={"AWS": FOREIGN}))},
         "account 999999999999 may sqs:SendMessage"),
        ("aws_sns_topic_policy", {"policy": policy(allow(
            "sns:Publish", "t", Principal="*", Condition={"StringNotEquals": {"aws:SourceAccount": "1"}}))},
         "anyone may sns:Publish"),
        ("aws_sns_topic_policy", {"policy": policy(allow(
            "sns:Publish", "t", Principal="*", Condition={"StringLike": {"aws:PrincipalArn": "*"}}))},
         "anyone may sns:Publish"),
        ("aws_sns_topic_policy", {"policy": policy(allow(
            "sns:Publish", "t", Principal="*", Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}))},
         "anyone may sns:Publish"),
        ("aws_sns_topic_policy", {"policy": policy(allow("sns:Publish", "t", Principal={"Service": "*"}))},
         "anyone may sns:Publish"),
        ("aws_kms_key", {"policy": policy(allow("kms:Decrypt", "*", Principal={"AWS": "999999999999"}))},
         "account 999999999999 may kms:Decrypt"),
        ("aws_ecr_repository_policy",
         {"policy": policy(allow("ecr:BatchGetImage", None, NotPrincipal={"AWS": "arn:aws:iam::123456789012:root"}))},
         "anyone may ecr:BatchGetImage"),
        ("aws_iam_role", {"assume_role_policy": policy(allow("sts:AssumeRole", None, Principal={"AWS": FOREIGN})),
                          "permissions_boundary": "b"}, "account 999999999999 may sts:AssumeRole"),
        ("aws_sagemaker_model_package_group_policy",
         {"resource_policy": policy(allow("sagemaker:DescribeModelPackage", "g", Principal={"AWS": FOREIGN}))},
         "account 999999999999 may sagemaker:DescribeModelPackage"),
        ("aws_lambda_permission", {"principal": "*"}, "anyone may call the function"),
        ("aws_lambda_permission", {"principal": "999999999999"}, "account 999999999999 may call the function"),
        ("aws_lambda_function_url", {"authorization_type": "NONE"}, "anyone may call the function by its URL"),
        ("aws_api_gateway_method", {"http_method": "POST", "authorization": "NONE", "api_key_required": False},
         "POST requires neither an API key nor authorization"),
        ("aws_api_gateway_rest_api", {"endpoint_configuration": [{"types": ["REGIONAL"]}]},
         "an API on the internet (REGIONAL)"),
        ("aws_lambda_layer_version_permission", {"principal": "*"}, "anyone may use the layer"),
        ("aws_ami_launch_permission", {"group": "all"}, "anyone may launch the image"),
        ("aws_opensearch_domain", {"domain_name": "d"}, "it has a public address"),
        ("aws_elb", {"internal": False}, "a load balancer on the internet"),
        ("aws_ecs_service", {"network_configuration": [{"assign_public_ip": True}]}, "its tasks get public addresses"),
        ("aws_launch_template", {"network_interfaces": [{"associate_public_ip_address": "true"}]},
         "its instances get a public address"),
        ("aws_subnet", {"map_public_ip_on_launch": True}, "instances in it get a public address"),
        ("aws_sagemaker_domain", {"app_network_access_type": "PublicInternetOnly"},
         "notebooks reach the internet directly"),
        ("aws_ram_principal_association", {"principal": "999999999999"}, "shared with 999999999999"),
    ],
)  # fmt: skip
def test_exposed(found: Found, type_: str, values: Json, reason: str) -> None:
    assert found("public-exposure", change(type_, None, values)) == [reason]
    assert found("public-exposure", change(type_, {"id": "before"}, values)) in ([reason], [])
    again = change(type_, values, {**values, "description": "other"})
    assert found("public-exposure", again) == [], "exposure that existed before is not reported"


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "10.0.0.0/8", "ip_protocol": "-1"}),
        ("aws_vpc_security_group_ingress_rule", {"referenced_security_group_id": "sg-1", "ip_protocol": "-1"}),
        ("aws_vpc_security_group_egress_rule", {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"}),
        ("aws_security_group_rule", {"type": "egress", "cidr_blocks": ["0.0.0.0/0"], "prefix_list_ids": ["pl-1"]}),
        ("aws_vpc_security_group_ingress_rule", {"cidr_ipv6": "::ffff:10.0.0.0/104", "ip_protocol": "-1"}),
        ("aws_ec2_managed_prefix_list", {"entry": [{"cidr": "10.0.0.0/8"}, {"cidr": "fd00::/8"}]}),
        ("aws_network_acl_rule", {"rule_action": "allow", "egress": True, "cidr_block": "0.0.0.0/0"}),
        ("aws_network_acl_rule", {"rule_action": "deny", "egress": False, "cidr_block": "0.0.0.0/0"}),
        ("aws_opensearch_domain", {"vpc_options": [{"subnet_ids": ["s"]}]}),
        ("aws_s3_bucket_public_access_block", CLOSED),
        ("aws_s3_bucket_acl", {"acl": "log-delivery-write"}),
        ("aws_iam_policy", {"policy": policy(allow("s3:GetObject", "*"))}),
        ("aws_vpc_endpoint", {"policy": policy(allow("s3:*", "*", Principal="*"))}),
        ("aws_sns_topic_policy", {"policy": policy(allow(
            "sns:Publish", "t", Principal="*", Condition={"StringEquals": {"AWS:SourceAccount": "123456789012"}}))}),
        ("aws_sqs_queue_policy", {"policy": policy(allow(
            "sqs:SendMessage", "q", Principal={"Service": "events.amazonaws.com"}))}),
        ("aws_kms_key", {"policy": policy(allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}))}),
        ("aws_lambda_permission", {"principal": "apigateway.amazonaws.com", "source_arn": "arn:aws:execute-api:x"}),
        ("aws_api_gateway_method", {"http_method": "GET", "authorization": "NONE", "api_key_required": True}),
        ("aws_api_gateway_method", {"http_method": "GET", "authorization": "AWS_IAM"}),
        ("aws_api_gateway_rest_api", {"endpoint_configuration": [{"types": ["PRIVATE"]}]}),
        ("aws_subnet", {"map_public_ip_on_launch": False}),
        ("aws_sagemaker_domain", {"app_network_access_type": "VpcOnly"}),
    ],
)  # fmt: skip
def test_not_exposed(found: Found, type_: str, values: Json) -> None:
    assert found("public-exposure", change(type_, None, values)) == []


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("aws_s3_bucket_public_access_block", "the bucket's public access block is removed"),
        ("aws_wafv2_web_acl_association", "its web ACL is removed"),
    ],
)
def test_removing_a_protection_exposes(found: Found, type_: str, reason: str) -> None:
    assert found("public-exposure", change(type_, dict(CLOSED), None)) == [reason]
    assert found("public-exposure", change(type_, dict(CLOSED), {**CLOSED, "id": "b"}, replace=True)) == []


def test_only_new_exposure_is_reported(found: Found) -> None:
    def open_to(*ranges: str) -> Json:
        return {"ingress": [{"cidr_blocks": list(ranges), "protocol": "tcp", "from_port": 443, "to_port": 443}]}

    planned = change("aws_security_group", open_to("8.8.8.0/24"), open_to("8.8.8.0/24", "0.0.0.0/0"))
    assert found("public-exposure", planned) == ["open to 0.0.0.0/0 on port 443-443"]


@pytest.mark.parametrize(
    ("type_", "unknown"),
    [
        ("aws_vpc_security_group_ingress_rule", {"prefix_list_id": True}),
        ("aws_security_group_rule", {"prefix_list_ids": True}),
        ("aws_security_group_rule", {"prefix_list_ids": [False, True]}),
        ("aws_security_group", {"ingress": [{"prefix_list_ids": [True]}]}),
    ],
)
def test_a_list_that_is_made_with_the_rule_may_hold_anything(found: Found, type_: str, unknown: Json) -> None:
    planned = change(type_, None, {"protocol": "-1"}, unknown=unknown)
    assert found("public-exposure", planned) == ["open to the prefix list that is created with it on every port"]
