"""Which things of which services are compared, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Client = Callable[[str], Any]


@dataclass(frozen=True)
class Listed:
    name: str
    ids: tuple[str, ...]
    """Any of them in a state means that the state has it."""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    Attributes:
        service: as boto3 calls it.
        operation: that lists them; a paginator is used where there is one.
        key: member of the answer that holds the list.
        ids: members that identify one; empty: each is a text.
        name_in: member that names it; `tags`: its tag `Name`.
        settings: members that are compared.
        options: of the operation.
        counted: which of them count.
    """

    service: str
    operation: str
    key: str
    ids: tuple[str, ...] = ()
    name_in: str = "tags"
    settings: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    counted: Callable[[dict[str, Any]], bool] = lambda item: True

    @property
    def name(self) -> str:
        return f"{self.service} {self.key}"

    def listed(self, client: Client) -> Iterator[Listed]:
        for item in pages(client(self.service), self.operation, self.key, **self.options):
            if isinstance(item, str):
                yield Listed(item, (item,))
            elif self.counted(item):
                ids = tuple(str(item[member]) for member in self.ids if item.get(member))
                yield Listed(self._name_of(item), ids, {each: item.get(each) for each in self.settings})

    def _name_of(self, item: dict[str, Any]) -> str:
        if self.name_in != "tags":
            return str(item[self.name_in])
        return next((tag["Value"] for tag in item.get("Tags", []) if tag["Key"] == "Name"), "")


@dataclass(frozen=True)
class Special(Kind):
    """One that takes more than one question."""

    ask: Callable[[Client], Iterator[Listed]] = lambda client: iter(())

    def listed(self, client: Client) -> Iterator[Listed]:
        return self.ask(client)


def pages(client: Any, operation: str, key: str, **options: Any) -> Iterator[Any]:
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**options):
            yield from page.get(key) or []
    else:
        yield from getattr(client, operation)(**options).get(key) or []


def _keys(client: Client) -> Iterator[Listed]:
    """Keys on their way out are gone: AWS keeps them for days."""
    kms = client("kms")
    for item in pages(kms, "list_keys", "Keys"):
        key = kms.describe_key(KeyId=item["KeyId"])["KeyMetadata"]
        if key["KeyState"] != "PendingDeletion" and key["KeyManager"] == "CUSTOMER":
            yield Listed(key["Description"], (key["KeyId"], key["Arn"]), {"state": key["KeyState"]})


def _versions(client: Client) -> Iterator[Listed]:
    sagemaker = client("sagemaker")
    for group in pages(sagemaker, "list_model_package_groups", "ModelPackageGroupSummaryList"):
        name = group["ModelPackageGroupName"]
        for each in pages(sagemaker, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=name):
            status = each["ModelApprovalStatus"]
            yield Listed(name, (each["ModelPackageArn"],), {"status": status, "version": each["ModelPackageVersion"]})


def _endpoints(client: Client) -> Iterator[Listed]:
    """Which configuration it runs is a release's doing, so the instances that came of it are compared."""
    sagemaker = client("sagemaker")
    for each in pages(sagemaker, "list_endpoints", "Endpoints"):
        described = sagemaker.describe_endpoint(EndpointName=each["EndpointName"])
        variants = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
        instances = [
            [one.get("InstanceType"), one.get("InitialInstanceCount")] for one in variants["ProductionVariants"]
        ]
        settings = {"status": described["EndpointStatus"], "instances": instances}
        yield Listed(each["EndpointName"], (each["EndpointArn"], each["EndpointName"]), settings)


def _tables(client: Client) -> Iterator[Listed]:
    glue = client("glue")
    for database in pages(glue, "get_databases", "DatabaseList"):
        for each in pages(glue, "get_tables", "TableList", DatabaseName=database["Name"]):
            columns = [column["Name"] for column in each.get("StorageDescriptor", {}).get("Columns", [])]
            yield Listed(f"{database['Name']}.{each['Name']}", (each["Name"],), {"columns": columns})


def _buckets(client: Client) -> Iterator[Listed]:
    s3 = client("s3")
    for each in s3.list_buckets()["Buckets"]:
        rules = 0
        try:
            rules = len(s3.get_bucket_lifecycle_configuration(Bucket=each["Name"])["Rules"])
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                raise
        yield Listed(each["Name"], (each["Name"],), {"lifecycle rules": rules})


def _roles(client: Client) -> Iterator[Listed]:
    iam = client("iam")
    for each in pages(iam, "list_roles", "Roles"):
        name = each["RoleName"]
        inline = sorted(pages(iam, "list_role_policies", "PolicyNames", RoleName=name))
        attached = pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        settings = {"inline": inline, "attached": sorted(policy["PolicyName"] for policy in attached)}
        yield Listed(name, (name, each["Arn"]), settings)


def _rules(client: Client) -> Iterator[Listed]:
    events = client("events")
    for each in pages(events, "list_rules", "Rules"):
        targets = sorted(target["Id"] for target in pages(events, "list_targets_by_rule", "Targets", Rule=each["Name"]))
        yield Listed(each["Name"], (each["Name"], each["Arn"]), {"state": each["State"], "targets": targets})


def _functions(client: Client) -> Iterator[Listed]:
    for each in pages(client("lambda"), "list_functions", "Functions"):
        settings = {
            member: each.get(member) for member in ("Runtime", "Handler", "MemorySize", "Timeout", "CodeSha256")
        }
        yield Listed(each["FunctionName"], (each["FunctionName"], each["FunctionArn"]), settings)


def _own_parameter(item: dict[str, Any]) -> bool:
    """AWS publishes thousands of public ones."""
    return not str(item["Name"]).startswith("/aws/")


KINDS: tuple[Kind, ...] = (
    Kind("ec2", "describe_vpcs", "Vpcs", ("VpcId",), settings=("CidrBlock", "IsDefault")),
    Kind("ec2", "describe_subnets", "Subnets", ("SubnetId",), settings=("CidrBlock", "AvailabilityZone")),
    Kind("ec2", "describe_route_tables", "RouteTables", ("RouteTableId",)),
    Kind("ec2", "describe_internet_gateways", "InternetGateways", ("InternetGatewayId",)),
    Kind(
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        ("NatGatewayId",),
        settings=("State",),
        counted=lambda item: item["State"] != "deleted",
    ),
    Kind("ec2", "describe_addresses", "Addresses", ("AllocationId",)),
    Kind("ec2", "describe_security_groups", "SecurityGroups", ("GroupId",), "GroupName"),
    Kind(
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        ("VpcEndpointId",),
        "ServiceName",
        settings=("State",),
        counted=lambda item: item["State"] != "deleted",
    ),
    Kind("ec2", "describe_flow_logs", "FlowLogs", ("FlowLogId",), settings=("TrafficType",)),
    Special("kms", "", "Keys", ask=_keys),
    Kind(
        "kms",
        "list_aliases",
        "Aliases",
        ("AliasArn", "AliasName"),
        "AliasName",
        counted=lambda item: not item["AliasName"].startswith("alias/aws/"),
    ),
    Special("s3", "", "Buckets", ask=_buckets),
    Special("iam", "", "Roles", ask=_roles),
    Kind("iam", "list_policies", "Policies", ("Arn",), "PolicyName", options={"Scope": "Local"}),
    Kind("logs", "describe_log_groups", "logGroups", ("logGroupName",), "logGroupName", ("retentionInDays",)),
    Special("lambda", "", "Functions", ask=_functions),
    Kind("lambda", "list_event_source_mappings", "EventSourceMappings", ("UUID",), "EventSourceArn", ("State",)),
    # Releases make and own all but the first of these, so whether a state has one says nothing.
    Kind("sagemaker", "list_models", "Models", (), "ModelName"),
    Kind("sagemaker", "list_endpoint_configs", "EndpointConfigs", (), "EndpointConfigName"),
    Special("sagemaker", "", "Endpoints", ask=_endpoints),
    Kind(
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList",
        ("ModelPackageGroupArn",),
        "ModelPackageGroupName",
    ),
    Special("sagemaker", "", "ModelPackages", ask=_versions),
    Kind("stepfunctions", "list_state_machines", "stateMachines", ("stateMachineArn",), "name", ("type",)),
    Special("events", "", "Rules", ask=_rules),
    Kind("events", "list_archives", "Archives", (), "ArchiveName", ("State", "RetentionDays")),
    Kind("sqs", "list_queues", "QueueUrls"),
    Kind("sns", "list_topics", "Topics", ("TopicArn",), "TopicArn"),
    Kind("sns", "list_subscriptions", "Subscriptions", ("SubscriptionArn",), "Endpoint", ("Protocol", "TopicArn")),
    Kind("ssm", "describe_parameters", "Parameters", ("Name",), "Name", ("Type",), counted=_own_parameter),
    Kind("secretsmanager", "list_secrets", "SecretList", ("ARN",), "Name"),
    Kind("dynamodb", "list_tables", "TableNames"),
    Kind("ecr", "describe_repositories", "repositories", ("repositoryArn",), "repositoryName", ("imageTagMutability",)),
    Kind("glue", "get_databases", "DatabaseList", ("Name",), "Name"),
    Special("glue", "", "Tables", ask=_tables),
    Kind("glue", "get_crawlers", "Crawlers", ("Name",), "Name", ("DatabaseName",)),
    Kind("glue", "get_jobs", "Jobs", ("Name",), "Name", ("GlueVersion", "WorkerType", "NumberOfWorkers")),
    Kind("glue", "get_triggers", "Triggers", ("Name",), "Name", ("Type", "State")),
    Kind("glue", "list_workflows", "Workflows"),
    Kind(
        "athena",
        "list_work_groups",
        "WorkGroups",
        ("Name",),
        "Name",
        ("State",),
        counted=lambda item: item["Name"] != "primary",  # AWS's own
    ),
    Kind("apigateway", "get_rest_apis", "items", ("id",), "name"),
    Kind("apigateway", "get_api_keys", "items", ("id",), "name", ("enabled",)),
    Kind("apigateway", "get_usage_plans", "items", ("id",), "name", ("throttle", "quota")),
    Kind("cloudwatch", "describe_alarms", "MetricAlarms", ("AlarmName", "AlarmArn"), "AlarmName", ("Threshold",)),
    Kind("cloudwatch", "list_dashboards", "DashboardEntries", ("DashboardName",), "DashboardName"),
    Kind("bedrock", "list_guardrails", "guardrails", ("id", "arn"), "name", ("status", "version")),
    Kind(
        "application-autoscaling",
        "describe_scaling_policies",
        "ScalingPolicies",
        ("PolicyARN",),
        "PolicyName",
        options={"ServiceNamespace": "sagemaker"},
    ),
)
