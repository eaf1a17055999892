"""Faults of who may reach what, and of what is seen of it; see `outside.py`."""

from __future__ import annotations

from typing import Any

from tests.policies.outside_subject import ACCOUNT, KEY, Json, allow, checkov, graph, kics, ours, policy, subject, trivy
from tests.policies.spellings import Block, block

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


def _tls(service: str) -> Json:
    return {"Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Resource": "*", "Condition": PLAIN}


def _bucket(*statements: Json, denial: Json | None = None) -> Json:
    return {"policy": policy(denial or _tls("s3"), *statements)}


def _queue(*statements: Json) -> Json:
    return {"policy": policy(_tls("sqs"), *statements)}


def _topic(*statements: Json) -> Json:
    return {"policy": policy(_tls("sns"), *statements)}


def _granted(uri: str, permission: str) -> Json:
    grant = block(permission=permission, grantee=block(type="Group", uri=uri))
    return {"acl": None, "access_control_policy": block(owner=block(id="o"), grant=grant)}


def _inbound(**ports_and_ranges: Any) -> Json:
    return {"ingress": block(description="from the office", protocol="tcp", **ports_and_ranges)}


SSH = {"from_port": 22, "to_port": 22}
WEB = {"from_port": 80, "to_port": 80}
OFFICE = {"cidr_blocks": ["10.30.0.0/16"]}
WORLD = {"cidr_blocks": ["0.0.0.0/0"]}
WORLD6 = {"ipv6_cidr_blocks": ["::/0"]}
RULE = {"security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "description": "from the office"}
VARIABLES = block(variables={"BUCKET": "records"})
FUNCTION = {
    "function_name": "answer",
    "role": "arn:aws:iam::210987654321:role/answer",
    "runtime": "python3.13",
    "handler": "answer.main",
    "kms_key_arn": KEY,
    "environment": VARIABLES,
    "tracing_config": block(mode="Active"),
    "code_signing_config_arn": "arn:aws:lambda:eu-central-1:210987654321:code-signing-config:csc-1",
    "dead_letter_config": block(target_arn="arn:aws:sqs:eu-central-1:210987654321:lost"),
    "reserved_concurrent_executions": 5,
    "vpc_config": block(subnet_ids=["subnet-7"], security_group_ids=["sg-7"]),
}
PERMISSION = {
    "function_name": "answer",
    "action": "lambda:InvokeFunction",
    "principal": "s3.amazonaws.com",
    "source_arn": "arn:aws:s3:::records",
    "source_account": "210987654321",
}
METHOD = {
    "rest_api_id": "api",
    "resource_id": "res",
    "http_method": "POST",
    "authorization": "AWS_IAM",
    "api_key_required": True,
    "request_validator_id": "v",
    "request_models": {"application/json": "Question"},
}


def _calls(**settings: Any) -> Json:
    usual = {
        "logging_level": "INFO",
        "metrics_enabled": True,
        "data_trace_enabled": False,
        "caching_enabled": True,
        "cache_data_encrypted": True,
    }
    return {"rest_api_id": "api", "stage_name": "live", "method_path": "*/*", "settings": block(**usual | settings)}


def _cors(origins: list[str]) -> Json:
    return {"cors_rule": block(allowed_methods=["GET"], allowed_origins=origins)}


STAGE = {
    "rest_api_id": "api",
    "stage_name": "live",
    "deployment_id": "d",
    "xray_tracing_enabled": True,
    "cache_cluster_enabled": True,
    "client_certificate_id": "c",
    "access_log_settings": block(destination_arn="arn:aws:logs:eu-central-1:210987654321:log-group:calls", format="x"),
}


def _states(**logging: Any) -> Json:
    usual = {
        "level": "ALL",
        "include_execution_data": True,
        "log_destination": "arn:aws:logs:eu-central-1:210987654321:log-group:steps:*",
    }
    kept = {name: value for name, value in (usual | logging).items() if value is not None}
    return {
        "name": "steps",
        "role_arn": "arn:aws:iam::210987654321:role/steps",
        "definition": "{}",
        "tracing_configuration": block(enabled=True),
        "logging_configuration": block(**kept),
    }


def _own(*statements: Json) -> Json:
    return {"role": "worker", "policy": policy(*statements)}


READ = allow(None, ["s3:GetObject"], "arn:aws:s3:::records/a/*")
SERVICE = {"Service": "glue.amazonaws.com"}
BOUNDARY = {"permissions_boundary": "arn:aws:iam::210987654321:policy/edge"}


def _trust(principal: Any, **more: Any) -> Json:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return {"name": "worker", **BOUNDARY, "assume_role_policy": policy(statement)}


def _secret(**changed: Any) -> Json:
    return {"name": "token", "kms_key_id": KEY, **changed}


PARAMETER = {"name": "/own/token", "type": "SecureString", "key_id": KEY, "value": "from elsewhere"}
OPEN_NAT: Block = block(rule_no=9, action="allow", protocol="tcp", cidr_block="0.0.0.0/0", **SSH)

SUBJECTS = [
    subject(
        "aws_s3_bucket_acl",
        {"bucket": "records", "acl": "private"},
        trivy("s3/no_public_access_with_acl", acl="public-read"),
        ours(acl="public-read-write"),
        ours(acl="authenticated-read"),
        checkov("S3GlobalViewACL", **_granted(ALL_USERS, "READ_ACP")),
        graph("S3NotAllowAccessToAllAuthenticatedUsers", **_granted(SIGNED_IN, "READ")),
    ),
    subject(
        "aws_s3_bucket_policy",
        {"bucket": "records", **_bucket(allow({"AWS": ACCOUNT}, "s3:GetObject"))},
        checkov("S3AllowsAnyPrincipal", **_bucket(allow("*", "s3:GetObject"))),
        checkov("S3AllowsAnyPrincipal", **_bucket(allow({"AWS": "*"}, ["s3:GetObject"]))),
        checkov("S3AllowsAnyPrincipal", **_bucket(allow({"AWS": ["*"]}, ["s3:GetObject"]))),
        ours(**_bucket(allow({"AWS": [ACCOUNT, "*"]}, "s3:PutObject"))),
        checkov("S3SecureDataTransport", policy=policy(allow({"AWS": ACCOUNT}, "s3:GetObject"))),
        ours(**_bucket(denial={**_tls("s3"), "Condition": {"Bool": {"aws:SecureTransport": "true"}}})),
        ours(**_bucket(denial={**_tls("s3"), "Effect": "Allow"})),
        checkov(
            "S3ProtectAgainstPolicyLockout",
            **_bucket({"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "arn:aws:s3:::records"}),
        ),
    ),
    subject(
        "aws_s3_access_point",
        {"bucket": "records", "name": "team", "public_access_block_configuration": block(block_public_policy=True)},
        checkov(
            "S3AccessPointPubliclyAccessible",
            public_access_block_configuration=block(
                block_public_acls=False,
                ignore_public_acls=False,
                block_public_policy=False,
                restrict_public_buckets=False,
            ),
        ),
        ours(public_access_block_configuration=block(block_public_policy=False)),
    ),
    subject(
        "aws_kms_key",
        {"enable_key_rotation": True, "policy": policy(allow({"AWS": ACCOUNT}, "kms:*"))},
        checkov("KMSKeyWildcardPrincipal/fail.tf", policy=policy(allow("*", "kms:*"))),
        checkov("KMSKeyWildcardPrincipal/fail.tf", policy=policy(allow({"AWS": "*"}, "kms:*"))),
        checkov("KMSKeyWildcardPrincipal/fail.tf", policy=policy(allow({"AWS": [ACCOUNT, "*"]}, "kms:*"))),
        checkov(
            "KMSKeyWildcardPrincipal/fail.tf",
            policy=policy(allow({"AWS": ACCOUNT}, "kms:*"), allow({"AWS": "*"}, "kms:*")),
        ),
    ),
    subject(
        "aws_sqs_queue_policy",
        {"queue_url": "q", **_queue(allow({"AWS": ACCOUNT}, "sqs:SendMessage"))},
        checkov("SQSQueuePolicyAnyPrincipal", **_queue(allow("*", "sqs:SendMessage"))),
        ours(**_queue(allow({"AWS": [ACCOUNT, "*"]}, "sqs:SendMessage"))),
        ours(**_queue(allow({"AWS": ACCOUNT}, "*"))),
        ours(**_queue(allow({"AWS": ACCOUNT}, "sqs:*"))),
        ours(**_queue(allow({"AWS": ACCOUNT}, ["sqs:*"]))),
        trivy("sqs/no_wildcards_in_policy_documents", **_queue(allow("*", "*"))),
        ours(**_queue(allow("*", "sqs:SendMessage"), allow({"AWS": "*"}, "sqs:ReceiveMessage"))),
    ),
    subject(
        "aws_sns_topic_policy",
        {"arn": "t", **_topic(allow({"AWS": ACCOUNT}, "sns:Publish"))},
        checkov("SNSTopicPolicyAnyPrincipal", **_topic(allow("*", "sns:Publish"))),
        checkov("SNSTopicPolicyAnyPrincipal", **_topic(allow({"AWS": "*"}, ["sns:Publish"]))),
        ours(**_topic(allow({"AWS": ["*", ACCOUNT]}, ["sns:Subscribe", "sns:Publish"]))),
        kics("sns_topic_is_publicly_accessible/positive1.tf", **_topic(allow({"AWS": "*"}, "*"))),
        kics(
            "sns_topic_publicity_has_allow_and_not_action_simultaneously",
            **_topic(
                {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "NotAction": "sns:DeleteTopic", "Resource": "*"}
            ),
        ),
    ),
    subject(
        "aws_ecr_repository_policy",
        {"repository": "serve", "policy": policy(allow({"AWS": ACCOUNT}, "ecr:BatchGetImage"))},
        checkov("ECRPolicy", policy=policy(allow("*", "ecr:BatchGetImage"))),
        ours(policy=policy(allow({"AWS": "*"}, ["ecr:BatchGetImage", "ecr:PutImage"]))),
    ),
    subject(
        "aws_iam_role",
        _trust(SERVICE),
        checkov("IAMRoleAllowAssumeFromAccount", **_trust({"AWS": ACCOUNT})),
        checkov("IAMRoleAllowAssumeFromAccount", **_trust({"AWS": [ACCOUNT]})),
        ours(**_trust({"AWS": "*"})),
        ours(**_trust({"AWS": ["arn:aws:iam::210987654321:role/a", "*"]})),
        ours(**_trust("*")),
    ),
    subject(
        "aws_iam_role_policy",
        _own(READ),
        checkov("IAMAdminPolicyDocument/iam.tf", **_own(allow(None, "*"))),
        kics("iam_policies_with_full_privileges/positive1.tf", **_own(allow(None, ["*"], ["*"]))),
        trivy("iam/limit_s3_full_access", **_own(allow(None, ["s3:*"], "*"))),
        ours(**_own(allow(None, "s3:*", "arn:aws:s3:::records/*"))),
        ours(**_own(READ, allow(None, "sqs:*", "*"))),
        checkov("IAMPrivilegeEscalation", **_own(allow(None, ["iam:UpdateLoginProfile"]))),
        checkov("IAMPermissionsManagement", **_own(allow(None, ["iam:*"]))),
        ours(**_own(allow(None, ["iam:PutRolePolicy", "iam:AttachRolePolicy"]))),
        ours(**_own(allow(None, ["iam:CreateAccessKey", "sts:AssumeRole"]))),
        ours(**_own(allow(None, ["kms:PutKeyPolicy", "s3:PutBucketPolicy"]))),
        ours(**_own(allow(None, "sagemaker:*"))),
    ),
    subject(
        "aws_iam_role_policy_attachment",
        {"role": "worker", "policy_arn": "arn:aws:iam::210987654321:policy/own"},
        checkov(
            "IAMManagedAdminPolicy/IAMManagedAdminPolicy.tf", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        graph("IAMManagedIAMFullAccessPolicy", policy_arn="arn:aws:iam::aws:policy/IAMFullAccess"),
    ),
    subject(
        "aws_security_group",
        {"name": "app", "description": "app", **_inbound(**SSH, **OFFICE)},
        checkov("SecurityGroupUnrestrictedIngress22", **_inbound(**SSH, **WORLD)),
        checkov("SecurityGroupUnrestrictedIngress22", **_inbound(**SSH, **WORLD6)),
        ours(**_inbound(from_port=3000, to_port=4000, **WORLD)),
        checkov("SecurityGroupUnrestrictedIngress80", **_inbound(**WEB, **WORLD)),
        checkov("SecurityGroupUnrestrictedIngressAny", ingress=block(protocol="-1", from_port=0, to_port=0, **WORLD)),
        kics("unrestricted_security_group_ingress/positive1.tf", **_inbound(from_port=3306, to_port=3306, **WORLD)),
        ours(ingress=[block(**SSH, protocol="tcp", **WORLD6)]),
    ),
    subject(
        "aws_security_group_rule",
        {**RULE, **SSH, **OFFICE},
        ours(**WORLD),
        checkov("SecurityGroupUnrestrictedIngress22", cidr_blocks=["10.30.0.0/16", "0.0.0.0/0"]),
        ours(from_port=0, to_port=65535, **WORLD6),
        checkov("SecurityGroupRuleDescription", description=None),
    ),
    subject(
        "aws_vpc_security_group_ingress_rule",
        {
            "security_group_id": "sg-2",
            "ip_protocol": "tcp",
            "description": "office",
            **SSH,
            "cidr_ipv4": "10.30.0.0/16",
        },
        checkov("SecurityGroupUnrestrictedIngress22", cidr_ipv4="0.0.0.0/0"),
        ours(cidr_ipv4=None, cidr_ipv6="::/0"),
    ),
    subject(
        "aws_network_acl_rule",
        {"network_acl_id": "acl-1", "rule_number": 9, "rule_action": "allow", "protocol": "tcp", **SSH}
        | {"cidr_block": "10.30.0.0/16"},
        checkov("NetworkACLUnrestrictedIngress3389", from_port=3389, to_port=3389, cidr_block="0.0.0.0/0"),
        kics("network_acl_with_unrestricted_access_to_ssh/positive2.tf", cidr_block="0.0.0.0/0"),
        ours(cidr_block=None, ipv6_cidr_block="::/0"),
    ),
    subject(
        "aws_network_acl",
        {"vpc_id": "vpc-7"},
        kics("network_acl_with_unrestricted_access_to_ssh/positive1.tf", ingress=OPEN_NAT),
    ),
    subject(
        "aws_subnet",
        {"vpc_id": "vpc-7", "cidr_block": "10.30.7.0/24"},
        trivy("ec2/no_public_ip_subnet", map_public_ip_on_launch=True),
        ours(map_public_ip_on_launch="true"),
    ),
    subject(
        "aws_lambda_function",
        FUNCTION,
        checkov("LambdaEnvironmentEncryptionSettings", kms_key_arn=None),
        checkov("LambdaEnvironmentEncryptionSettings", kms_key_arn=""),
        checkov(
            "LambdaEnvironmentCredentials",
            environment=block(variables={"AWS_SECRET_ACCESS_KEY": "abcDEF0123456789abcDEF0123456789abcDEF01"}),
        ),
        checkov("LambdaXrayEnabled", tracing_config=block(mode="PassThrough")),
        trivy("lambda/enable_tracing", tracing_config=None),
        checkov("LambdaCodeSigningConfigured", code_signing_config_arn=None),
        checkov("DeprecatedLambdaRuntime", runtime="python3.7"),
    ),
    subject(
        "aws_lambda_permission",
        PERMISSION,
        ours(principal="*", source_arn=None, source_account=None),
        kics("lambda_permission_principal_is_wildcard", principal="*"),
        checkov("LambdaServicePermission/LambdaServicePermission.tf", source_arn=None, source_account=None),
        trivy("lambda/restrict_source_arn", principal="sns.amazonaws.com", source_arn=None, source_account=None),
    ),
    subject(
        "aws_lambda_function_url",
        {"function_name": "answer", "authorization_type": "AWS_IAM"},
        checkov("LambdaFunctionURLAuth", authorization_type="NONE"),
        graph("LambdaOpenCorsPolicy", cors=block(allow_origins=["*"], allow_methods=["*"])),
    ),
    subject(
        "aws_s3_bucket_cors_configuration",
        {"bucket": "records", **_cors(["https://own.example.org"])},
        kics("s3_bucket_with_unsecured_cors_rule/positive6.tf", **_cors(["*"])),
    ),
    subject(
        "aws_apigatewayv2_api",
        {
            "name": "answers",
            "protocol_type": "HTTP",
            "cors_configuration": block(allow_origins=["https://own.example.org"]),
        },
        kics("api_gateway_v2_cors_wildcard_origin/positive1.tf", cors_configuration=block(allow_origins=["*"])),
    ),
    subject(
        "aws_api_gateway_method",
        METHOD,
        trivy("apigateway/no_public_access", authorization="NONE", api_key_required=False),
        graph("APIGatewayMethodWOAuth", authorization="NONE", api_key_required=None),
        graph("APIGatewayRequestParameterValidationEnabled", request_validator_id=None),
    ),
    subject(
        "aws_api_gateway_method_settings",
        _calls(),
        checkov("APIGatewayMethodSettingsCacheEncrypted", **_calls(cache_data_encrypted=False)),
        checkov("APIGatewayMethodSettingsCacheEnabled", **_calls(caching_enabled=False)),
        checkov("APIGatewayMethodSettingsDataTrace", **_calls(data_trace_enabled=True)),
        graph("APIGWLoggingLevelsDefinedProperly", **_calls(logging_level="OFF")),
    ),
    subject(
        "aws_api_gateway_stage",
        STAGE,
        trivy("apigateway/enable_access_logging", access_log_settings=None),
        trivy("apigateway/enable_tracing", xray_tracing_enabled=False),
        ours(xray_tracing_enabled=None),
        checkov("APIGatewayCacheEnable", cache_cluster_enabled=False),
        graph("APIGatewayEndpointsUsesCertificateForAuthentication", client_certificate_id=None),
    ),
    subject(
        "aws_api_gateway_domain_name",
        {"domain_name": "answers.example.org", "security_policy": "TLS_1_2"},
        checkov("APIGatewayDomainNameTLS", security_policy="TLS_1_0"),
        ours(security_policy=None),
    ),
    subject(
        "aws_apigatewayv2_route",
        {"api_id": "api", "route_key": "POST /ask", "authorization_type": "AWS_IAM"},
        checkov("APIGatewayV2RouteDefinesAuthorizationType", authorization_type="NONE"),
        checkov("APIGatewayV2RouteDefinesAuthorizationType", authorization_type=None),
    ),
    subject(
        "aws_sfn_state_machine",
        _states(),
        checkov("StateMachineLoggingExecutionHistory", **_states(include_execution_data=False)),
        ours(**_states(include_execution_data=None)),
        checkov("StateMachineLoggingExecutionHistory", logging_configuration=None),
        checkov("StateMachineXray", tracing_configuration=block(enabled=False)),
        checkov("StateMachineXray", tracing_configuration=None),
    ),
    subject(
        "aws_scheduler_schedule",
        {"schedule_expression": "rate(1 hours)", "kms_key_arn": KEY, "flexible_time_window": block(mode="OFF")},
        checkov("SchedulerScheduleUsesCMK", kms_key_arn=None),
    ),
    subject(
        "aws_ssm_parameter",
        PARAMETER,
        checkov("SSMParameterUsesCMK", key_id=None),
        graph("AWSSSMParametershouldbeEncrypted", type="String", key_id=None),
    ),
    subject(
        "aws_ssm_document",
        {"name": "look", "document_type": "Command", "document_format": "JSON", "content": "{}"},
        checkov("SSMDocumentsArePrivate", permissions={"type": "Share", "account_ids": "All"}),
    ),
    subject(
        "aws_secretsmanager_secret",
        _secret(),
        checkov("SecretManagerSecretEncrypted", kms_key_id=None),
        ours(kms_key_id="alias/aws/secretsmanager"),
    ),
]
