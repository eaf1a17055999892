"""List the ways to weaken attributes, by name. A new kind of attribute in the Terraform needs its name in one of the
two tables here: names in neither stop the run, so that none is skipped silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

INPUT_GUARDS = "input guards"

DROP = None
"""The attribute is removed: Terraform or AWS falls back to its default."""


@dataclass(frozen=True)
class Weaker:
    """One way to weaken an attribute.

    Attributes:
        names: attribute names, a regular expression over the whole name.
        category: what is lost.
        value: HCL that replaces the value; `DROP` removes the attribute.
        within: the address (`type`, then enclosing blocks, separated by dots) must match this, from its start.
    """

    names: str
    category: str
    value: str | None = DROP
    within: str = ""


WEAKER = (
    # encryption
    Weaker(r"kms_\w+|kms_key|kms_key_arns?|key_id", "encryption", within=r"(?!aws_api_gateway)(?!.*kms_alias)"),
    Weaker("customer_encryption_key_arn", "encryption"),
    Weaker("sse_algorithm", "encryption", '"AES256"'),
    Weaker("encryption_type", "encryption", '"AES256"'),
    Weaker("encryption_option", "encryption", '"SSE_S3"'),
    Weaker("(cloudwatch|job_bookmarks|s3)_encryption_mode", "encryption", '"DISABLED"'),
    Weaker("bucket_key_enabled|enable_key_rotation", "encryption", "false"),
    Weaker("multi_region", "encryption", "true"),
    Weaker("rotation_period_in_days", "encryption", "2560"),
    Weaker("deletion_window_in_days", "encryption", "7"),
    Weaker("security_configuration", "encryption"),
    Weaker("encrypted", "encryption", "false"),
    # exposure
    Weaker("(block|restrict|ignore)_public_\\w+", "exposure", "false"),
    Weaker("map_public_ip_on_launch", "exposure", "true"),
    Weaker("object_ownership", "exposure", '"BucketOwnerPreferred"'),
    Weaker("cidr_ipv4", "exposure", '"0.0.0.0/0"'),
    Weaker("api_key_required|validate_request_\\w+|private_dns_enabled", "exposure", "false"),
    Weaker("request_validator_id|request_models|source_arn|source_account|expected_bucket_owner", "exposure"),
    Weaker("principal", "exposure", '"*"'),
    Weaker("authorization", "exposure", '"NONE"'),
    Weaker("authorizer_id|authorization_scopes|provider_arns", "exposure", within="aws_api_gateway"),
    Weaker("authorizer_result_ttl_in_seconds", "exposure", "300"),
    Weaker("api_key_source", "exposure", '"HEADER"'),
    Weaker("vpc_endpoint_type", "exposure", DROP),
    Weaker("protocol", "exposure", '"http"', within="aws_sns_topic_subscription"),
    Weaker("enable_network_isolation|enforce_workgroup_configuration", "isolation", "false"),
    Weaker("subnets|security_group_ids|subnet_ids|security_groups", "isolation", "[]"),
    Weaker("app_network_access_type", "isolation", '"PublicInternetOnly"'),
    Weaker("notebook_output_option", "exposure", '"Allowed"'),
    Weaker("permissions", "exposure", '"0777"', within="aws_efs"),
    Weaker("permissions", "exposure", '["ALL"]', within="aws_lakeformation"),
    Weaker("lifecycle_management", "limits", '"DISABLED"'),
    Weaker("throttling_\\w+|rate_limit|burst_limit|bytes_scanned_cutoff_per_query", "limits"),
    Weaker("limit", "limits", "2000000000"),
    Weaker("inclusion_prefixes|bucket_owner_account_id", "exposure", within="aws_bedrockagent_data_source"),
    Weaker("data_deletion_policy", "exposure", '"RETAIN"'),
    # roles
    Weaker("permissions_boundary", "boundary"),
    Weaker("max_session_duration", "roles", "43200"),
    # keeping and losing
    Weaker("force_destroy|force_delete", "deletion", "true"),
    Weaker("home_efs_file_system", "deletion", '"Delete"'),
    Weaker("deletion_protection_enabled", "deletion", "false"),
    Weaker("compatibility", "integrity", '"NONE"'),
    Weaker("image_tag_mutability", "integrity", '"MUTABLE"'),
    Weaker("scan_on_push", "integrity", "false"),
    Weaker("source_code_hash|source_hash", "integrity"),
    Weaker("ignore_changes", "integrity", "[]"),
    Weaker("status", "versioning and lifecycle", '"Suspended"', within=r".*versioning_configuration"),
    Weaker("status", "versioning and lifecycle", '"Disabled"', within=r".*\.rule$"),
    Weaker("days", "versioning and lifecycle", "3650"),
    Weaker("noncurrent_days", "versioning and lifecycle", "3650"),
    Weaker("days_after_initiation", "versioning and lifecycle", "3650"),
    Weaker("expire_days|glacier_days", "versioning and lifecycle", "null", within="locals"),
    Weaker("countNumber", "versioning and lifecycle", "100000"),
    Weaker("expired_object_delete_marker", "versioning and lifecycle", "false"),
    Weaker("prefix", "versioning and lifecycle", '"elsewhere/"', within=r".*filter"),
    Weaker("retention_in_days|retention_days|message_retention_seconds", "retention"),
    # input and output of models
    Weaker("input_strength|output_strength", "limits", '"LOW"', within="aws_bedrock_guardrail"),
    Weaker("action", "limits", '"NONE"', within="aws_bedrock_guardrail"),
    Weaker("guardrail_configuration", "limits"),
    # logs and alarms
    Weaker(r"(text|image|embedding|video)_data_delivery_enabled|invocation_logs", "logging", "true"),
    Weaker("xray_tracing_enabled|metrics_enabled|cloudwatch_metrics_enabled", "logging", "false"),
    Weaker("publish_cloudwatch_metrics_enabled|enabled|eventbridge", "logging", "false"),
    Weaker("data_trace_enabled|sampled_requests_enabled", "logging", "true"),
    Weaker("logging_level|level", "logging", '"OFF"'),
    Weaker("mode", "logging", '"PassThrough"', within=r".*tracing_config"),
    Weaker("traffic_type", "logging", '"REJECT"'),
    Weaker("log_destination|log_destination_configs|target_bucket|destination_arn|cloudwatch_role_arn", "logging"),
    Weaker("include_execution_data", "logging", "false"),
    Weaker("format", "logging", '"{}"', within="aws_api_gateway"),
    Weaker("alarm_actions", "alarms"),
    Weaker("threshold", "alarms", "1000000000"),
    Weaker("comparison_operator", "alarms", '"LessThanThreshold"'),
    Weaker("evaluation_periods", "alarms", "100"),
    Weaker("pattern", "alarms", '"nothing"', within="aws_cloudwatch_log_metric_filter"),
    Weaker("event_pattern", "alarms", '"{}"'),
    # events
    Weaker("maximum_retry_attempts", "delivery", "0"),
    Weaker("target_arn|redrive_allow_policy|redrive_policy|function_response_types", "delivery"),
    Weaker("error_topic|success_topic", "delivery"),
    # tags
    Weaker("tags", "tags", "{}", within=r"provider|.*default_tags"),
)

HARMLESS = re.compile(
    r"""^(?:
    # names, places and identifiers
    name | description | \w+_name | \w+_names | id | \w+_id | arn | \w+_arn | \w+_arns | key | path | path_part
    | uri | region | sid | name_prefix | label | \w+_description | group | kind | title | bucket | repository |
    role | resource_policy | input | domain | model_data_url | image | image_tag | registry_id | names | prefix
    | \w+_prefix | \w+_prefixes | version
    # wiring, whose absence Terraform itself refuses, and meta-arguments
    | count | for_each | depends_on | content | create_before_destroy | source | providers | package | topic_arn
    | network | blueprint | policy_arn | endpoint | targets | stage | values | variable | test | identifiers |
    type | types | triggers | state | route_table_ids | service_name | origins? | create | context | copy_from |
    tags | environment | parameters | variables | content_type
    # how something computes, not who may reach it
    | handler | runtime | architectures | memory_size | timeout | timeout_milliseconds | package_type | s3_\w+ |
    script_location | glue_version | python_version | max_capacity | min_capacity | max_retries |
    max_concurrent_runs | default_arguments | instance_type | instance_count | initial_\w+ | enable_capture |
    sampling_percent | capture_mode | json_content_types | reserved_concurrent_executions | definition |
    scale_\w+ | target_value | \w+_dimension | \w+_namespace | \w+_type | delete_behavior | update_behavior |
    recrawl_behavior | destination_s3_uri | output_location | location_uri | schema | weight | storage_class |
    wait_interval_in_seconds | \w+_in_seconds | maximum_event_age_\w+ | max_aggregation_interval
    # network without a separate decision: which ports and addresses are above
    | cidr_block | destination_cidr_block | from_port | to_port | ip_protocol | enable_dns_\w+ |
    availability_zone | protocol
    # what crawlers and rules of data quality read
    | configuration | ruleset | number_of_workers | crawl_state | schedule
    # endpoints that scale to nothing, and several containers; guardrails and throughput of Bedrock
    | memory_size_in_mb | max_concurrency | provisioned_concurrency | container_hostname | blocked_\w+_messaging | text
    | definition | model_units | commitment_duration
    # streams, large ETL, shared files: sizes and shapes
    | \w*[ug]id | creation_token | transition_to_ia | throughput_mode | architecture | release_label | cpu | memory
    | buffering_\w+ | input_format | output_format | serialization_library | compression | destination | location
    | retention_period | schema_definition | shard_count | stream_mode | data_format | \w+_minutes
    # Lake Formation: what is kept as it is found, and whose; Studio: who signs in how, and what it opens with
    | admins | read_only_admins | trusted_resource_owners | authorized_session_tag_value_list | wildcard |
    \w*external_data_filtering\w* | auth_mode | execution_role | \w+_size_in_gb | default_landing_uri |
    studio_web_portal | tag_propagation | studio_lifecycle_config_content
    # Feature Store: which stores and tables there are; their keys are above
    | catalog | database | disable_glue_table_creation | enable_online_store
    # inference without a waiting caller: how much at a time, and how often
    | billing_mode | hash_key | batch_size | maximum_concurrency | visibility_timeout_seconds | schedule_expression |
    cooldown | scaling_adjustment | max_concurrent_invocations_per_instance | layers
    # what an agent says and knows, and how its texts are cut; the template's own settings are above
    | foundation_model | instruction | prepare_agent | knowledge_base_state | template_body | on_failure |
    data_deletion_policy | chunking_strategy | max_tokens | overlap_percentage
    # graphs, metrics and answers of the API
    | dashboard_body | metric_\w+ | namespace | dimensions | stat | statistic | extended_statistic | period |
    datapoints_to_alarm | expression | return_data | treat_missing_data | ok_actions | query_string |
    default_value | value | http_method | integration_http_method | response_\w+ | request_parameters |
    status_code | method_path | scope | priority | pattern | evaluation_window_sec | aggregate_key_type | format
    | selection | rules | rule | input_paths | input_template | time | detail | mode | status | policy |
    assume_role_policy | authorizer_uri | identity_source | expire_\w+ | effect | condition | error_message | action
    | principal
    )$""",
    re.VERBOSE,
)
"""Names whose value decides nothing about security by itself. Policies are mutated statement by statement."""

BLOCKS = {
    "abort_incomplete_multipart_upload": "versioning and lifecycle",
    "access_log_settings": "logging",
    "auto_rollback_configuration": "alarms",
    "dead_letter_config": "delivery",
    "default_tags": "tags",
    "encryption_configuration": "encryption",
    "cloudwatch_encryption": "encryption",
    "job_bookmarks_encryption": "encryption",
    "expiration": "versioning and lifecycle",
    "image_scanning_configuration": "integrity",
    "logging_configuration": "logging",
    "noncurrent_version_expiration": "versioning and lifecycle",
    "quota_settings": "limits",
    "redacted_fields": "logging",
    "throttle_settings": "limits",
    "tracing_config": "logging",
    "tracing_configuration": "logging",
    "transition": "versioning and lifecycle",
    "validation": INPUT_GUARDS,
    "precondition": INPUT_GUARDS,
    "postcondition": INPUT_GUARDS,
    "vpc_config": "isolation",
}
"""Nested blocks that are removed whole."""

RESOURCES = re.compile(
    r"""^(?:
    aws_s3_bucket_\w+ |
    aws_cloudwatch_(?:metric_alarm|log_group|log_metric_filter|event_rule|event_target|event_archive|composite_alarm)
    | aws_default_security_group | aws_flow_log | aws_vpc_endpoint | aws_wafv2_\w+ | aws_sns_topic_policy |
    aws_sqs_queue_policy |
    aws_api_gateway_(?:method_settings|usage_plan|usage_plan_key|request_validator|account) |
    aws_ecr_lifecycle_policy | aws_appautoscaling_\w+ | aws_lambda_function_event_invoke_config |
    aws_glue_security_configuration
    )$""",
    re.VERBOSE,
)
"""Resources that are removed whole: their absence weakens something else."""
