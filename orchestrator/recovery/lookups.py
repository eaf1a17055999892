"""Look up ids that AWS chose, by a resource's attributes in a plan.

Each lookup takes the attributes that a plan gives a resource it would create, and yields the ids of all resources that
match. It raises `KeyError` if the plan does not know a required attribute yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.aws.client import every
from orchestrator.aws.model import Cloud
from orchestrator.recovery import ec2

Planned = Mapping[str, Any]
Lookup = Callable[[Cloud, Planned], Iterator[str]]


def _marks(planned: Planned) -> dict[str, str]:
    """Return the identifying tags; others (an expiry, a cost centre) may have changed since."""
    tags = planned["tags_all"]
    return {name: tags[name] for name in ("project", "environment")} | (
        {"Name": tags["Name"]} if "Name" in tags else {}
    )


def _by_tags(kind: ec2.Kind) -> Lookup:
    """Look up EC2's resources by tags and, if they are in a VPC, by the planned one."""

    def find(cloud: Cloud, planned: Planned) -> Iterator[str]:
        vpc = planned.get("vpc_id")
        for item, _ in ec2.tagged(cloud, kind, _marks(planned)):
            if vpc is None or item.get("VpcId", vpc) == vpc:
                yield str(item[kind.id])

    return find


def _named(service: str, operation: str, key: str, *, name: str, known: str, id_: str, **arguments: Any) -> Lookup:
    """Look up by name: `known` is the plan's attribute, `name` the response's field."""

    def find(cloud: Cloud, planned: Planned) -> Iterator[str]:
        expected = planned[known]
        for item in every(cloud.client(service), operation, key, **arguments):
            if item.get(name) == expected:
                yield str(item[id_])

    return find


def _below(
    service: str, operation: str, key: str, *, parent: tuple[str, str], same: Mapping[str, str], id_: str
) -> Lookup:
    """Look up the children of a resource: `parent` is the request's parameter and the plan's attribute for it."""

    def find(cloud: Cloud, planned: Planned) -> Iterator[str]:
        expected = {name: planned[attribute] for name, attribute in same.items()}
        for item in every(cloud.client(service), operation, key, **{parent[0]: planned[parent[1]]}):
            if all(item.get(name) == value for name, value in expected.items()):
                yield str(item[id_])

    return find


def _kms_keys(cloud: Cloud, planned: Planned) -> Iterator[str]:
    """Look up keys by tags and description, since they have no names."""
    filters = [{"Key": name, "Values": [value]} for name, value in _marks(planned).items()]
    arguments = {"TagFilters": filters, "ResourceTypeFilters": ["kms:key"]}
    client, kms = cloud.client("resourcegroupstaggingapi"), cloud.client("kms")
    for item in every(client, "get_resources", "ResourceTagMappingList", **arguments):
        key = kms.describe_key(KeyId=item["ResourceARN"])["KeyMetadata"]
        if key["Description"] == planned["description"] and key["KeyState"] != "PendingDeletion":
            yield str(key["KeyId"])


def _security_groups(cloud: Cloud, planned: Planned) -> Iterator[str]:
    filters = [{"Name": "group-name", "Values": [planned["name"]]}, {"Name": "vpc-id", "Values": [planned["vpc_id"]]}]
    for group in every(cloud.client("ec2"), "describe_security_groups", "SecurityGroups", Filters=filters):
        yield str(group["GroupId"])


def _rules(*, egress: bool) -> Lookup:
    """Look up the rules of a security group by protocol, ports and peer."""

    def find(cloud: Cloud, planned: Planned) -> Iterator[str]:
        filters = [{"Name": "group-id", "Values": [planned["security_group_id"]]}]
        rules = every(cloud.client("ec2"), "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
        peer = ("cidr_ipv4", "CidrIpv4"), ("prefix_list_id", "PrefixListId"), ("cidr_ipv6", "CidrIpv6")
        expected = {name: planned.get(attribute) for attribute, name in peer}
        group = planned.get("referenced_security_group_id")
        if group is None and not any(expected.values()):
            raise KeyError("peer")
        expected |= {"IpProtocol": planned["ip_protocol"], "IsEgress": egress}
        for rule in rules:
            ports = (rule.get("FromPort"), rule.get("ToPort"))
            same = all(rule.get(name) == value for name, value in expected.items())
            referenced = rule.get("ReferencedGroupInfo", {}).get("GroupId")
            all_ports = planned["ip_protocol"] == "-1"
            if same and referenced == group and (all_ports or ports == (planned["from_port"], planned["to_port"])):
                yield str(rule["SecurityGroupRuleId"])

    return find


def _rest_apis(cloud: Cloud, planned: Planned) -> Iterator[str]:
    """Look up REST APIs by name and tags, since names are not unique."""
    for api in every(cloud.client("apigateway"), "get_rest_apis", "items"):
        if api["name"] == planned["name"] and _marks(planned).items() <= api.get("tags", {}).items():
            yield str(api["id"])


def _file_systems(cloud: Cloud, planned: Planned) -> Iterator[str]:
    for each in every(
        cloud.client("efs"), "describe_file_systems", "FileSystems", CreationToken=planned["creation_token"]
    ):
        yield str(each["FileSystemId"])


def _access_points(cloud: Cloud, planned: Planned) -> Iterator[str]:
    folder = planned["root_directory"][0]["path"]
    for each in every(
        cloud.client("efs"), "describe_access_points", "AccessPoints", FileSystemId=planned["file_system_id"]
    ):
        if each.get("RootDirectory", {}).get("Path") == folder:
            yield str(each["AccessPointId"])


def _event_sources(cloud: Cloud, planned: Planned) -> Iterator[str]:
    arguments = {"FunctionName": planned["function_name"], "EventSourceArn": planned["event_source_arn"]}
    mappings = every(cloud.client("lambda"), "list_event_source_mappings", "EventSourceMappings", **arguments)
    yield from (str(each["UUID"]) for each in mappings if each.get("State") != "Deleting")


def _subscriptions(cloud: Cloud, planned: Planned) -> Iterator[str]:
    arguments = {"TopicArn": planned["topic_arn"]}
    for each in every(cloud.client("sns"), "list_subscriptions_by_topic", "Subscriptions", **arguments):
        confirmed = each["SubscriptionArn"].startswith("arn:")
        if confirmed and (each["Protocol"], each["Endpoint"]) == (planned["protocol"], planned["endpoint"]):
            yield str(each["SubscriptionArn"])


def _queues(cloud: Cloud, planned: Planned) -> Iterator[str]:
    urls = every(cloud.client("sqs"), "list_queues", "QueueUrls", QueueNamePrefix=planned["name"])
    yield from (str(url) for url in urls if str(url).rsplit("/", 1)[-1] == planned["name"])


def _web_acls(cloud: Cloud, planned: Planned) -> Iterator[str]:
    acls = every(cloud.client("wafv2"), "list_web_acls", "WebACLs", Scope=planned["scope"])
    yield from (str(each["Id"]) for each in acls if each["Name"] == planned["name"])


def _queries(cloud: Cloud, planned: Planned) -> Iterator[str]:
    arguments = {"queryDefinitionNamePrefix": planned["name"]}
    for each in every(cloud.client("logs"), "describe_query_definitions", "queryDefinitions", **arguments):
        if each["name"] == planned["name"]:
            yield str(each["queryDefinitionId"])


def _guardrail_versions(cloud: Cloud, planned: Planned) -> Iterator[str]:
    """Look up the newest version: each deploy that changes the guardrail creates one, and its address has the last."""
    versions = every(
        cloud.client("bedrock"), "list_guardrails", "guardrails", guardrailIdentifier=planned["guardrail_arn"]
    )
    numbers = [int(each["version"]) for each in versions if each["version"].isdigit()]
    yield from (str(max(numbers)),) if numbers else ()


_REST = {"parent": ("restApiId", "rest_api_id")}
_AGENT = {"parent": ("agentId", "agent_id")}
_BASE = {"parent": ("knowledgeBaseId", "knowledge_base_id")}

LOOKUPS: Mapping[str, Lookup] = {
    **{kind.type: _by_tags(kind) for kind in ec2.KINDS},
    "aws_api_gateway_authorizer": _below(
        "apigateway", "get_authorizers", "items", **_REST, same={"name": "name"}, id_="id"
    ),
    # Its triggers cannot be read, so it is replaced, and the existing one is deleted.
    "aws_api_gateway_deployment": _below("apigateway", "get_deployments", "items", **_REST, same={}, id_="id"),
    "aws_api_gateway_request_validator": _below(
        "apigateway", "get_request_validators", "items", **_REST, same={"name": "name"}, id_="id"
    ),
    "aws_api_gateway_resource": _below(
        "apigateway",
        "get_resources",
        "items",
        **_REST,
        same={"parentId": "parent_id", "pathPart": "path_part"},
        id_="id",
    ),
    "aws_api_gateway_rest_api": _rest_apis,
    "aws_api_gateway_usage_plan": _named("apigateway", "get_usage_plans", "items", name="name", known="name", id_="id"),
    "aws_bedrock_guardrail": _named("bedrock", "list_guardrails", "guardrails", name="name", known="name", id_="id"),
    "aws_bedrock_guardrail_version": _guardrail_versions,
    "aws_bedrock_inference_profile": _named(
        "bedrock",
        "list_inference_profiles",
        "inferenceProfileSummaries",
        name="inferenceProfileName",
        known="name",
        id_="inferenceProfileId",
        typeEquals="APPLICATION",
    ),
    "aws_bedrock_provisioned_model_throughput": _named(
        "bedrock",
        "list_provisioned_model_throughputs",
        "provisionedModelSummaries",
        name="provisionedModelName",
        known="provisioned_model_name",
        id_="provisionedModelArn",
    ),
    "aws_bedrockagent_agent": _named(
        "bedrock-agent", "list_agents", "agentSummaries", name="agentName", known="agent_name", id_="agentId"
    ),
    "aws_bedrockagent_agent_alias": _below(
        "bedrock-agent",
        "list_agent_aliases",
        "agentAliasSummaries",
        **_AGENT,
        same={"agentAliasName": "agent_alias_name"},
        id_="agentAliasId",
    ),
    "aws_bedrockagent_data_source": _below(
        "bedrock-agent", "list_data_sources", "dataSourceSummaries", **_BASE, same={"name": "name"}, id_="dataSourceId"
    ),
    "aws_cloudwatch_query_definition": _queries,
    "aws_efs_access_point": _access_points,
    "aws_efs_file_system": _file_systems,
    "aws_efs_mount_target": _below(
        "efs",
        "describe_mount_targets",
        "MountTargets",
        parent=("FileSystemId", "file_system_id"),
        same={"SubnetId": "subnet_id"},
        id_="MountTargetId",
    ),
    "aws_emrserverless_application": _named(
        "emr-serverless",
        "list_applications",
        "applications",
        name="name",
        known="name",
        id_="id",
        states=["CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED"],
    ),
    "aws_kms_key": _kms_keys,
    "aws_lambda_event_source_mapping": _event_sources,
    "aws_sagemaker_domain": _named(
        "sagemaker", "list_domains", "Domains", name="DomainName", known="domain_name", id_="DomainId"
    ),
    "aws_security_group": _security_groups,
    "aws_sns_topic_subscription": _subscriptions,
    "aws_sqs_queue": _queues,
    "aws_vpc_security_group_egress_rule": _rules(egress=True),
    "aws_vpc_security_group_ingress_rule": _rules(egress=False),
    "aws_wafv2_web_acl": _web_acls,
}
