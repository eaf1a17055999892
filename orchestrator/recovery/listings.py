"""Operations that list the resources whose names identify their environment, by service.

There is a row for each kind of resource with its own name that `terraform/` or a service behind it creates. Resources
without names are found by their tags, or are deleted with the resource that they are part of; `NAMELESS` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.core.types import Json


@dataclass(frozen=True)
class Listing:
    """An operation that lists resources of one kind.

    Attributes:
        items: the response's field of the items.
        name: the item's field of the name; empty if the items are the names.
        arn: the item's field of the ARN, or a template of the ARN (with braces).
        types: the Terraform resource types that it covers.
        arguments: the operation's arguments.
        after: the name is the part of the field after the last one of these.
        underscores: whether names of this kind have `_` where others have `-`.
        tags: the operation that returns tags which the tagging API lacks, its argument, and the item's field for it.
    """

    service: str
    kind: str
    operation: str
    items: str
    name: str
    arn: str
    types: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    underscores: bool = False
    tags: tuple[str, str, str] | None = None

    def name_of(self, item: Json | str) -> str:
        name = str(item if isinstance(item, str) else item[self.name])
        return name.rsplit(self.after, 1)[-1] if self.after else name

    def arn_of(self, item: Json | str, place: Mapping[str, str]) -> str:
        if "{" in self.arn:
            fields = item if isinstance(item, dict) else {}
            return self.arn.format(**{**fields, **place, "name": self.name_of(item)})
        assert isinstance(item, dict)
        # Some lists leave the ARN out, for old resources or if the caller lacks permission.
        return str(item.get(self.arn) or self.name_of(item)).removesuffix(":*")


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


def _glue(kind: str, operation: str, items: str, type_: str, name: str = "", resource: str = "") -> Listing:
    return Listing("glue", kind, operation, items, name, _arn("glue", f"{resource or kind}/{{name}}"), (type_,))


def _sagemaker(kind: str, operation: str, items: str, prefix: str, type_: str) -> Listing:
    return Listing("sagemaker", kind, operation, items, f"{prefix}Name", f"{prefix}Arn", (type_,))


LISTINGS = (
    Listing("apigateway", "api-key", "get_api_keys", "items", "name",
            "arn:{partition}:apigateway:{region}::/apikeys/{id}"),
    Listing(
        "apigateway", "rest-api", "get_rest_apis", "items", "name",
        "arn:{partition}:apigateway:{region}::/restapis/{id}", ("aws_api_gateway_rest_api",),
    ),
    Listing(
        "apigateway", "usage-plan", "get_usage_plans", "items", "name",
        "arn:{partition}:apigateway:{region}::/usageplans/{id}", ("aws_api_gateway_usage_plan",),
    ),
    Listing(
        "application-autoscaling", "scalable-target", "describe_scalable_targets", "ScalableTargets", "ResourceId",
        "ScalableTargetARN", ("aws_appautoscaling_target",), {"ServiceNamespace": "sagemaker"},
    ),
    Listing(
        "athena", "workgroup", "list_work_groups", "WorkGroups", "Name", _arn("athena", "workgroup/{name}"),
        ("aws_athena_workgroup",),
    ),
    Listing("bedrock", "guardrail", "list_guardrails", "guardrails", "name", "arn", ("aws_bedrock_guardrail",)),
    Listing(
        "bedrock", "inference-profile", "list_inference_profiles", "inferenceProfileSummaries", "inferenceProfileName",
        "inferenceProfileArn", ("aws_bedrock_inference_profile",), {"typeEquals": "APPLICATION"},
    ),
    Listing(
        "bedrock", "provisioned-model", "list_provisioned_model_throughputs", "provisionedModelSummaries",
        "provisionedModelName", "provisionedModelArn", ("aws_bedrock_provisioned_model_throughput",),
    ),
    Listing(
        "bedrock-agent", "agent", "list_agents", "agentSummaries", "agentName", _arn("bedrock", "agent/{agentId}"),
        ("aws_bedrockagent_agent",),
    ),
    Listing(
        "bedrock-agent", "knowledge-base", "list_knowledge_bases", "knowledgeBaseSummaries", "name",
        _arn("bedrock", "knowledge-base/{knowledgeBaseId}"),
    ),
    Listing(
        "cloudformation", "stack", "describe_stacks", "Stacks", "StackName", "StackId", ("aws_cloudformation_stack",)
    ),
    Listing(
        "cloudwatch", "alarm", "describe_alarms", "MetricAlarms", "AlarmName", "AlarmArn",
        ("aws_cloudwatch_metric_alarm",),
    ),
    Listing(
        "cloudwatch", "dashboard", "list_dashboards", "DashboardEntries", "DashboardName", "DashboardArn",
        ("aws_cloudwatch_dashboard",),
    ),
    Listing(
        "dynamodb", "table", "list_tables", "TableNames", "", _arn("dynamodb", "table/{name}"), ("aws_dynamodb_table",)
    ),
    Listing(
        "ecr", "repository", "describe_repositories", "repositories", "repositoryName", "repositoryArn",
        ("aws_ecr_repository",),
    ),
    Listing("emr-serverless", "application", "list_applications", "applications", "name", "arn",
            ("aws_emrserverless_application",)),
    Listing("events", "archive", "list_archives", "Archives", "ArchiveName", _arn("events", "archive/{name}"),
            ("aws_cloudwatch_event_archive",)),
    Listing("events", "bus", "list_event_buses", "EventBuses", "Name", "Arn", ("aws_cloudwatch_event_bus",)),
    Listing("events", "rule", "list_rules", "Rules", "Name", "Arn", ("aws_cloudwatch_event_rule",)),
    Listing("firehose", "delivery-stream", "list_delivery_streams", "DeliveryStreamNames", "",
            _arn("firehose", "deliverystream/{name}"), ("aws_kinesis_firehose_delivery_stream",)),
    _glue("crawler", "list_crawlers", "CrawlerNames", "aws_glue_crawler"),
    Listing("glue", "database", "get_databases", "DatabaseList", "Name", _arn("glue", "database/{name}"),
            ("aws_glue_catalog_database",), underscores=True),
    _glue("data-quality-ruleset", "list_data_quality_rulesets", "Rulesets", "aws_glue_data_quality_ruleset", "Name",
          "dataQualityRuleset"),
    _glue("job", "list_jobs", "JobNames", "aws_glue_job"),
    Listing("glue", "registry", "list_registries", "Registries", "RegistryName", "RegistryArn", ("aws_glue_registry",)),
    _glue("security-configuration", "get_security_configurations", "SecurityConfigurations",
          "aws_glue_security_configuration", "Name", "securityConfiguration"),
    _glue("trigger", "list_triggers", "TriggerNames", "aws_glue_trigger"),
    _glue("workflow", "list_workflows", "Workflows", "aws_glue_workflow"),
    Listing("iam", "policy", "list_policies", "Policies", "PolicyName", "Arn", ("aws_iam_policy",), {"Scope": "Local"},
            tags=("list_policy_tags", "PolicyArn", "Arn")),
    Listing("iam", "role", "list_roles", "Roles", "RoleName", "Arn", ("aws_iam_role",),
            tags=("list_role_tags", "RoleName", "RoleName")),
    Listing("kinesis", "stream", "list_streams", "StreamNames", "", _arn("kinesis", "stream/{name}"),
            ("aws_kinesis_stream",)),
    Listing("kms", "alias", "list_aliases", "Aliases", "AliasName", "AliasArn", ("aws_kms_alias",)),
    Listing("lambda", "function", "list_functions", "Functions", "FunctionName", "FunctionArn",
            ("aws_lambda_function",)),
    Listing("logs", "log-group", "describe_log_groups", "logGroups", "logGroupName", "arn",
            ("aws_cloudwatch_log_group",)),
    Listing("logs", "query-definition", "describe_query_definitions", "queryDefinitions", "name",
            _arn("logs", "query-definition:{queryDefinitionId}"), ("aws_cloudwatch_query_definition",)),
    Listing("s3", "bucket", "list_buckets", "Buckets", "Name", "arn:{partition}:s3:::{name}", ("aws_s3_bucket",)),
    Listing("s3vectors", "vector-bucket", "list_vector_buckets", "vectorBuckets", "vectorBucketName",
            "vectorBucketArn"),
    _sagemaker("domain", "list_domains", "Domains", "Domain", "aws_sagemaker_domain"),
    _sagemaker("endpoint", "list_endpoints", "Endpoints", "Endpoint", "aws_sagemaker_endpoint"),
    _sagemaker("endpoint-config", "list_endpoint_configs", "EndpointConfigs", "EndpointConfig",
               "aws_sagemaker_endpoint_configuration"),
    _sagemaker("feature-group", "list_feature_groups", "FeatureGroupSummaries", "FeatureGroup",
               "aws_sagemaker_feature_group"),
    _sagemaker("model", "list_models", "Models", "Model", "aws_sagemaker_model"),
    _sagemaker("model-package-group", "list_model_package_groups", "ModelPackageGroupSummaryList",
               "ModelPackageGroup", "aws_sagemaker_model_package_group"),
    _sagemaker("studio-lifecycle-config", "list_studio_lifecycle_configs", "StudioLifecycleConfigs",
               "StudioLifecycleConfig", "aws_sagemaker_studio_lifecycle_config"),
    Listing("sns", "topic", "list_topics", "Topics", "TopicArn", "TopicArn", ("aws_sns_topic",), after=":"),
    Listing("sqs", "queue", "list_queues", "QueueUrls", "", _arn("sqs", "{name}"), ("aws_sqs_queue",), after="/"),
    Listing("ssm", "parameter", "describe_parameters", "Parameters", "Name", _arn("ssm", "parameter{name}"),
            ("aws_ssm_parameter",)),
    Listing("stepfunctions", "state-machine", "list_state_machines", "stateMachines", "name", "stateMachineArn",
            ("aws_sfn_state_machine",)),
    Listing("wafv2", "web-acl", "list_web_acls", "WebACLs", "Name", "ARN", ("aws_wafv2_web_acl",),
            {"Scope": "REGIONAL"}),
)  # fmt: skip

_TAGGED = "it has an id and no name, and carries the environment's tags"
_PART = "it is a part of a listed resource, and deleted with that"
_ACCOUNT = "a setting of the account or of a resource: nothing is left after its removal"
NAMELESS: Mapping[str, str] = {
    _TAGGED: """
        efs_access_point efs_file_system eip flow_log internet_gateway kms_key nat_gateway route_table
        security_group subnet vpc vpc_endpoint
    """,
    _PART: """
        api_gateway_authorizer api_gateway_deployment api_gateway_gateway_response api_gateway_integration
        api_gateway_method api_gateway_method_settings api_gateway_model api_gateway_request_validator
        api_gateway_resource api_gateway_stage appautoscaling_policy bedrock_guardrail_version
        bedrockagent_agent_alias bedrockagent_agent_knowledge_base_association bedrockagent_data_source
        cloudwatch_event_target cloudwatch_log_metric_filter cloudwatch_log_stream default_security_group
        ecr_lifecycle_policy ecr_repository_policy efs_backup_policy efs_file_system_policy efs_mount_target
        glue_catalog_table glue_schema iam_role_policy iam_role_policy_attachment lambda_event_source_mapping
        lambda_function_event_invoke_config lambda_permission route route_table_association s3_object
        sagemaker_model_package_group_policy sagemaker_user_profile sns_topic_policy sns_topic_subscription
        vpc_security_group_egress_rule vpc_security_group_ingress_rule wafv2_web_acl_association
        wafv2_web_acl_logging_configuration
    """,
    _ACCOUNT: """
        api_gateway_account bedrock_model_invocation_logging_configuration lakeformation_data_lake_settings
        lakeformation_permissions s3_bucket_lifecycle_configuration s3_bucket_logging s3_bucket_notification
        s3_bucket_ownership_controls s3_bucket_policy s3_bucket_public_access_block
        s3_bucket_server_side_encryption_configuration s3_bucket_versioning
    """,
}
"""Why types (without `aws_`) are not listed by name."""
