"""Find `state-loss`: resources with state that are replaced or deleted, or keep it for a shorter time.

All types count as holding state, except those listed here that can be recreated without loss. So a type that is not
listed is treated as one that holds state.
"""

from __future__ import annotations

from orchestrator.core.types import Json
from orchestrator.risk.changes import ResourceChange, blocks

HOLDS = {
    "aws_api_gateway_api_key": "the key that callers use",
    "aws_api_gateway_usage_plan": "the key of its caller, which is deleted with its plan",
    "aws_api_gateway_rest_api": "the address that callers use",
    "aws_athena_workgroup": "query history and saved queries",
    "aws_bedrock_inference_profile": "the ARN that routes and cost reports name",
    "aws_bedrock_provisioned_model_throughput": "capacity that may be bought for a term",
    "aws_bedrockagent_agent": "the id that callers use, and active conversations",
    "aws_cloudformation_stack": "its resources: here the vectors of documents, which have to be embedded again",
    "aws_cloudwatch_event_archive": "archived events",
    "aws_cloudwatch_event_bus": "its rules and archives",
    "aws_cloudwatch_log_group": "its log events",
    "aws_cloudwatch_log_stream": "its log events",
    "aws_cognito_user_pool": "its users",
    "aws_dynamodb_table": "its items",
    "aws_ecr_repository": "its images",
    "aws_efs_file_system": "its files",
    "aws_eip": "the address, which may be on allow-lists",
    "aws_glue_catalog_database": "its tables",
    "aws_glue_catalog_table": "its schema and partitions",
    "aws_glue_job": "its bookmarks: what it has processed already",
    "aws_glue_registry": "its schemas",
    "aws_glue_schema": "its versions",
    "aws_kinesis_stream": "records not read yet",
    "aws_kms_key": "the only means of decrypting what it encrypted",
    "aws_s3_bucket": "its objects and their versions",
    "aws_sagemaker_domain": "its users' home folders",
    "aws_sagemaker_endpoint": "the model that is being served",
    "aws_sagemaker_feature_group": "its records",
    "aws_sagemaker_mlflow_tracking_server": "its experiments",
    "aws_sagemaker_model_package_group": "its model versions",
    "aws_sagemaker_space": "its files",
    "aws_sagemaker_user_profile": "its user's home folder",
    "aws_secretsmanager_secret": "its secret",
    "aws_sfn_state_machine": "its execution history",
    "aws_sns_topic": "its subscriptions, which recipients have confirmed",
    "aws_sqs_queue": "messages not received yet",
    "aws_ssm_parameter": "its value, which a pipeline may have written",
    "aws_vpc": "everything in it",
    "aws_subnet": "the network interfaces in it",
}
"""Data that is lost with a resource of this type."""

_REPLACEABLE = """
    api_gateway_account api_gateway_authorizer api_gateway_base_path_mapping api_gateway_deployment
    api_gateway_gateway_response api_gateway_integration api_gateway_integration_response api_gateway_method
    api_gateway_method_response api_gateway_method_settings api_gateway_model api_gateway_request_validator
    api_gateway_resource api_gateway_stage api_gateway_usage_plan_key
    appautoscaling_policy appautoscaling_scheduled_action appautoscaling_target
    bedrockagent_agent_alias bedrockagent_agent_knowledge_base_association bedrockagent_data_source
    bedrock_guardrail bedrock_guardrail_version bedrock_model_invocation_logging_configuration budgets_budget
    cloudwatch_composite_alarm cloudwatch_dashboard cloudwatch_event_bus_policy cloudwatch_event_rule
    cloudwatch_event_target cloudwatch_log_metric_filter cloudwatch_log_resource_policy cloudwatch_metric_alarm
    cloudwatch_query_definition default_security_group
    ecr_lifecycle_policy ecr_pull_through_cache_rule ecr_registry_policy ecr_registry_scanning_configuration
    ecr_replication_configuration ecr_repository_policy
    efs_access_point efs_backup_policy efs_file_system_policy efs_mount_target emrserverless_application
    flow_log glue_classifier glue_connection glue_crawler glue_data_catalog_encryption_settings
    glue_data_quality_ruleset glue_resource_policy
    glue_security_configuration glue_trigger glue_workflow
    iam_instance_profile iam_policy iam_role iam_role_policy iam_role_policy_attachment internet_gateway
    kinesis_firehose_delivery_stream kms_alias kms_key_policy
    lakeformation_data_lake_settings lakeformation_lf_tag lakeformation_permissions lakeformation_resource
    lambda_event_source_mapping lambda_function lambda_function_event_invoke_config
    lambda_layer_version lambda_permission main_route_table_association nat_gateway network_acl network_acl_rule
    resourcegroups_group route route_table route_table_association
    s3_bucket_acl s3_bucket_lifecycle_configuration s3_bucket_logging s3_bucket_notification
    s3_bucket_ownership_controls s3_bucket_policy s3_bucket_public_access_block
    s3_bucket_server_side_encryption_configuration s3_bucket_versioning s3_object
    sagemaker_endpoint_configuration sagemaker_model sagemaker_model_package_group_policy
    sagemaker_studio_lifecycle_config scheduler_schedule scheduler_schedule_group
    security_group security_group_rule sns_topic_policy sns_topic_subscription sqs_queue_policy
    sqs_queue_redrive_allow_policy sqs_queue_redrive_policy ssm_association
    vpc_dhcp_options vpc_dhcp_options_association vpc_endpoint vpc_endpoint_policy
    vpc_security_group_egress_rule vpc_security_group_ingress_rule
    wafv2_ip_set wafv2_rule_group wafv2_web_acl wafv2_web_acl_association wafv2_web_acl_logging_configuration
    xray_encryption_config xray_group xray_sampling_rule
"""
RECREATABLE = frozenset(f"aws_{name}" for name in _REPLACEABLE.split()) | {"terraform_data"}
"""Types that hold no state, so that recreating them loses nothing."""

KEPT_FOR = {
    "aws_cloudwatch_log_group": ("retention_in_days", "days"),
    "aws_cloudwatch_event_archive": ("retention_days", "days"),
    "aws_kinesis_stream": ("retention_period", "hours"),
    "aws_sqs_queue": ("message_retention_seconds", "seconds"),
}
"""Retention attribute and its unit; 0 means forever."""


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Describe the state that a change loses."""
    if change.removes and change.type not in RECREATABLE:
        return [f"{'replaced' if change.replaces else 'deleted'}: {_lost(change.type)}"]
    if change.type == "aws_s3_bucket_lifecycle_configuration":
        return _shorter_lifecycle(change)
    if change.type == "aws_s3_bucket_versioning":
        return _versioning_ends(change)
    return _shorter_retention(change)


def _lost(type_: str) -> str:
    if type_ in HOLDS:
        return f"this loses {HOLDS[type_]}"
    return f"{type_} is not a known type, so it is treated as holding state"


def _shorter_retention(change: ResourceChange) -> list[str]:
    if change.type not in KEPT_FOR or not (change.before and change.after):
        return []
    attribute, unit = KEPT_FOR[change.type]
    before, after = change.before.get(attribute), change.after.get(attribute)
    if after and (not before or after < before):
        return [f"kept for {after} {unit} (before: {before or 'any number of'} {unit})"]
    return []


def _versioning_ends(change: ResourceChange) -> list[str]:
    def enabled(values: Json) -> bool:
        return any(block.get("status") == "Enabled" for block in blocks(values, "versioning_configuration"))

    if enabled(change.before) and not enabled(change.after):
        return ["versioning ends: overwritten or deleted objects cannot be restored"]
    return []


def _shorter_lifecycle(change: ResourceChange) -> list[str]:
    """Compare lifecycle rules by id; rules of a new bucket delete nothing yet."""
    if not change.before:
        return []
    before, after = _deletions(change.before), _deletions(change.after)
    return [
        f"rule `{rule}`: {what} deleted after {days} days (before: "
        + (f"{before[rule, what]})" if (rule, what) in before else "never)")
        for (rule, what), days in after.items()
        if days < before.get((rule, what), days + 1)
    ]


def _deletions(values: Json) -> dict[tuple[str, str], int]:
    """Read the days until deletion from enabled rules, by rule and kind of object."""
    days: dict[tuple[str, str], int] = {}
    for rule in blocks(values, "rule"):
        if rule.get("status") != "Enabled":
            continue
        for block in blocks(rule, "expiration"):
            if block.get("days"):
                days[str(rule.get("id")), "objects are"] = int(block["days"])
        for block in blocks(rule, "noncurrent_version_expiration"):
            if block.get("noncurrent_days"):
                days[str(rule.get("id")), "old versions are"] = int(block["noncurrent_days"])
    return days
