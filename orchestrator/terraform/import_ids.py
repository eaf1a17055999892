"""Import IDs of existing resources, by type.

Pure. Each row is a template over the attributes that a plan gives a resource it would create, so a row needs no
existing resource; `{id}` is an ID that AWS chose, and comes from terraform's output or a lookup
(`recovery/lookups.py`). `{partition}`, `{region}` and `{account}` are the environment's. The form is that of the
section Import on the type's page of the provider's documentation (website/docs/r/<type without aws_>): read there for
some twenty types, and imported from the local AWS where its environment has the type; *assumed* for file systems, web
ACLs, EMR, streams, agents, guardrails, throughput and Lake Formation.

Resources that cannot be imported, or need not be, are created again: the row states why that is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FIELD = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Recreated:
    """A type that is created again instead of imported."""

    why: str


@dataclass(frozen=True)
class Place:
    """An environment's partition, region and account, as in ARNs."""

    partition: str
    region: str
    account: str


_ARN = "arn:{{partition}}:{}:{{region}}:{{account}}:{}"
_SETTING = Recreated("it is a setting: writing it again changes nothing")
_BUCKET = "{bucket}"

READ_FIRST = ("aws_api_gateway_model", "aws_lambda_permission")
"""Types whose import queries AWS before anything is read. If the resource (for a permission: its function) is missing,
the provider reports "couldn't find resource" without naming it (5.100)."""

IDS: Mapping[str, str | Recreated] = {
    "aws_api_gateway_account": _SETTING,
    "aws_api_gateway_authorizer": "{rest_api_id}/{id}",
    "aws_api_gateway_deployment": "{rest_api_id}/{id}",
    "aws_api_gateway_gateway_response": "{rest_api_id}/{response_type}",
    "aws_api_gateway_integration": "{rest_api_id}/{resource_id}/{http_method}",
    "aws_api_gateway_method": "{rest_api_id}/{resource_id}/{http_method}",
    "aws_api_gateway_method_settings": "{rest_api_id}/{stage_name}/{method_path}",
    "aws_api_gateway_model": "{rest_api_id}/{name}",
    "aws_api_gateway_request_validator": "{rest_api_id}/{id}",
    "aws_api_gateway_resource": "{rest_api_id}/{id}",
    "aws_api_gateway_rest_api": "{id}",
    "aws_api_gateway_stage": "{rest_api_id}/{stage_name}",
    "aws_api_gateway_usage_plan": "{id}",
    "aws_appautoscaling_policy": "{service_namespace}/{resource_id}/{scalable_dimension}/{name}",
    "aws_appautoscaling_target": "{service_namespace}/{resource_id}/{scalable_dimension}",
    "aws_athena_workgroup": "{name}",
    "aws_bedrock_guardrail": "{id},DRAFT",
    "aws_bedrock_guardrail_version": "{guardrail_arn},{id}",
    "aws_bedrock_inference_profile": "{id}",
    "aws_bedrock_model_invocation_logging_configuration": "{region}",
    "aws_bedrock_provisioned_model_throughput": "{id}",
    "aws_bedrockagent_agent": "{id}",
    "aws_bedrockagent_agent_alias": "{id},{agent_id}",
    "aws_bedrockagent_agent_knowledge_base_association": "{agent_id},DRAFT,{knowledge_base_id}",
    "aws_bedrockagent_data_source": "{id},{knowledge_base_id}",
    "aws_cloudformation_stack": "{name}",
    "aws_cloudwatch_dashboard": "{dashboard_name}",
    "aws_cloudwatch_event_archive": "{name}",
    "aws_cloudwatch_event_bus": "{name}",
    "aws_cloudwatch_event_rule": "{event_bus_name}/{name}",
    "aws_cloudwatch_event_target": "{event_bus_name}/{rule}/{target_id}",
    "aws_cloudwatch_log_group": "{name}",
    "aws_cloudwatch_log_metric_filter": "{log_group_name}:{name}",
    "aws_cloudwatch_log_stream": "{log_group_name}:{name}",
    "aws_cloudwatch_metric_alarm": "{alarm_name}",
    "aws_cloudwatch_query_definition": _ARN.format("logs", "query-definition:{id}"),
    "aws_default_security_group": Recreated("AWS creates it with the VPC: terraform only adopts it"),
    "aws_dynamodb_table": "{name}",
    "aws_ecr_lifecycle_policy": "{repository}",
    "aws_ecr_repository": "{name}",
    "aws_ecr_repository_policy": "{repository}",
    "aws_efs_access_point": "{id}",
    "aws_efs_backup_policy": "{file_system_id}",
    "aws_efs_file_system": "{id}",
    "aws_efs_file_system_policy": "{file_system_id}",
    "aws_efs_mount_target": "{id}",
    "aws_eip": "{id}",
    "aws_emrserverless_application": "{id}",
    "aws_flow_log": "{id}",
    "aws_glue_catalog_database": "{account}:{name}",
    "aws_glue_catalog_table": "{account}:{database_name}:{name}",
    "aws_glue_crawler": "{name}",
    "aws_glue_data_quality_ruleset": "{name}",
    "aws_glue_job": "{name}",
    "aws_glue_registry": _ARN.format("glue", "registry/{registry_name}"),
    "aws_glue_schema": _ARN.format("glue", "schema/{registry_name}/{schema_name}"),
    "aws_glue_security_configuration": "{name}",
    "aws_glue_trigger": "{name}",
    "aws_glue_workflow": "{name}",
    "aws_iam_policy": "arn:{partition}:iam::{account}:policy{path}{name}",
    "aws_iam_role": "{name}",
    "aws_iam_role_policy": "{role}:{name}",
    "aws_iam_role_policy_attachment": "{role}/{policy_arn}",
    "aws_internet_gateway": "{id}",
    "aws_kinesis_firehose_delivery_stream": _ARN.format("firehose", "deliverystream/{name}"),
    "aws_kinesis_stream": "{name}",
    "aws_kms_alias": "{name}",
    "aws_kms_key": "{id}",
    "aws_lakeformation_data_lake_settings": _SETTING,
    "aws_lakeformation_permissions": Recreated("the provider cannot import it; granting it twice is harmless"),
    "aws_lambda_event_source_mapping": "{id}",
    "aws_lambda_function": "{function_name}",
    "aws_lambda_function_event_invoke_config": "{function_name}",
    "aws_lambda_permission": "{function_name}/{statement_id}",
    "aws_nat_gateway": "{id}",
    "aws_route": "{route_table_id}_{destination_cidr_block}",
    "aws_route_table": "{id}",
    "aws_route_table_association": "{subnet_id}/{route_table_id}",
    "aws_s3_bucket": _BUCKET,
    "aws_s3_bucket_lifecycle_configuration": _BUCKET,
    "aws_s3_bucket_logging": _BUCKET,
    "aws_s3_bucket_notification": _BUCKET,
    "aws_s3_bucket_ownership_controls": _BUCKET,
    "aws_s3_bucket_policy": _BUCKET,
    "aws_s3_bucket_public_access_block": _BUCKET,
    "aws_s3_bucket_server_side_encryption_configuration": _BUCKET,
    "aws_s3_bucket_versioning": _BUCKET,
    "aws_s3_object": "{bucket}/{key}",
    "aws_sagemaker_domain": "{id}",
    "aws_sagemaker_endpoint": "{name}",
    "aws_sagemaker_endpoint_configuration": "{name}",
    "aws_sagemaker_feature_group": "{feature_group_name}",
    "aws_sagemaker_model": "{name}",
    "aws_sagemaker_model_package_group": "{model_package_group_name}",
    "aws_sagemaker_model_package_group_policy": "{model_package_group_name}",
    "aws_sagemaker_studio_lifecycle_config": "{studio_lifecycle_config_name}",
    "aws_sagemaker_user_profile": _ARN.format("sagemaker", "user-profile/{domain_id}/{user_profile_name}"),
    "aws_security_group": "{id}",
    "aws_sfn_state_machine": _ARN.format("states", "stateMachine:{name}"),
    "aws_sns_topic": _ARN.format("sns", "{name}"),
    "aws_sns_topic_policy": "{arn}",
    "aws_sns_topic_subscription": "{id}",
    "aws_sqs_queue": "{id}",
    "aws_ssm_parameter": "{name}",
    "aws_subnet": "{id}",
    "aws_vpc": "{id}",
    "aws_vpc_endpoint": "{id}",
    "aws_vpc_security_group_egress_rule": "{id}",
    "aws_vpc_security_group_ingress_rule": "{id}",
    "aws_wafv2_web_acl": "{id}/{name}/{scope}",
    "aws_wafv2_web_acl_association": "{web_acl_arn},{resource_arn}",
    "aws_wafv2_web_acl_logging_configuration": "{resource_arn}",
    "terraform_data": Recreated("it exists only in the state"),
}

_SET_ELSEWHERE = {"aws_glue_schema": ("registry_name", "registry_arn", r"registry/(.+)$")}
"""Parts of an ID that a plan only holds inside another attribute."""

UNREADABLE: Mapping[str, tuple[str, ...]] = {
    "aws_bedrock_inference_profile": ("model_source",),
    "aws_sagemaker_domain": ("retention_policy",),
}
"""Attributes that AWS does not return and for which the provider would replace the imported resource."""


def chosen_by_aws(type_: str) -> bool:
    """Return whether an import requires an ID that AWS chose."""
    row = IDS.get(type_)
    return isinstance(row, str) and "{id}" in row


def import_id(type_: str, planned: Mapping[str, Any], place: Place, chosen: str | None = None) -> str | None:
    """Return the ID for an import; `None` while a part of it is unknown.

    Args:
        type_: the resource's type.
        planned: the attributes that the plan knows.
        place: the environment's partition, region and account.
        chosen: the ID that AWS chose, from terraform's output or a lookup.
    """
    row = IDS.get(type_)
    if not isinstance(row, str):
        return None
    known = {"partition": place.partition, "region": place.region, "account": place.account}
    known |= {name: str(value) for name, value in planned.items() if isinstance(value, (str, int)) and value != ""}
    known.pop("id", None)
    if chosen:
        # Some `id` attributes are already the whole import ID, of which only the first part is the resource's ID.
        known["id"] = chosen.partition(",")[0] if row.startswith("{id},") else chosen
    if type_ in _SET_ELSEWHERE:
        name, inside, pattern = _SET_ELSEWHERE[type_]
        if part := re.search(pattern, known.get(inside, "")):
            known[name] = part.group(1)
    if type_.startswith("aws_cloudwatch_event_") and known.get("event_bus_name") == "default":
        row = row.removeprefix("{event_bus_name}/")  # the provider's form for rules of the default bus
    if not known.keys() >= set(_FIELD.findall(row)):
        return None
    return row.format_map(known)
