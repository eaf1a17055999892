"""What Terraform made for an environment and no state holds, where the address is taken or gone.

A second network is the common case: a run died, its state was lost, and the next one made everything anew that has
no name of its own. It says by its tags that Terraform made it, so it is nothing of the pipeline's or of a release's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.recovery.importing import identity
from orchestrator.session import Session
from orchestrator.tools.aws import explained, pages
from orchestrator.tools.interfaces import Cloud

MADE_BY = ("managed-by", "terraform")


@dataclass(frozen=True)
class Kind:
    """How the provider knows a kind of resource: its type, and the version of its schema in a state."""

    type: str
    schema: int = 0
    is_arn: bool = False
    """Whether its id is its ARN."""


EC2: Mapping[str, Kind] = {
    "eipalloc-": Kind("aws_eip"),
    "fl-": Kind("aws_flow_log"),
    "igw-": Kind("aws_internet_gateway"),
    "nat-": Kind("aws_nat_gateway"),
    "rtb-": Kind("aws_route_table"),
    "sg-": Kind("aws_security_group", 1),
    "subnet-": Kind("aws_subnet", 1),
    "vpc-": Kind("aws_vpc", 1),
    "vpce-": Kind("aws_vpc_endpoint"),
}
"""By the prefix of the id."""

OTHERS: Mapping[str, Kind] = {
    "apigateway:/restapis/": Kind("aws_api_gateway_rest_api"),
    "apigateway:/usageplans/": Kind("aws_api_gateway_usage_plan"),
    "elasticfilesystem:access-point/": Kind("aws_efs_access_point"),
    "elasticfilesystem:file-system/": Kind("aws_efs_file_system"),
    "kms:key/": Kind("aws_kms_key"),
    "lambda:function:": Kind("aws_lambda_function"),
    "logs:log-group:": Kind("aws_cloudwatch_log_group"),
    "sagemaker:domain/": Kind("aws_sagemaker_domain"),
    "sns:": Kind("aws_sns_topic", is_arn=True),
    "states:stateMachine:": Kind("aws_sfn_state_machine", is_arn=True),
}
"""By service and the beginning of the ARN's resource."""


@dataclass(frozen=True)
class Rest:
    """One thing that belongs to no address."""

    id: str
    name: str
    kind: Kind


def find(session: Session) -> list[Rest]:
    """All of an environment."""
    cloud, store = session.target.cloud, session.target.store
    with explained(cloud, "look for what belongs to no stack"):
        states = [store.read(name) for name in store.stacks()]
        held = {known for state in states if state for known in state.ids}
        found = [*_of_ec2(cloud, session), *_tagged(cloud, session)]
        kept = _leaving(cloud, {each.id for each in found if each.id not in held})
    return [each for each in found if each.id not in held and each.id not in kept]


def _tags(session: Session) -> dict[str, str]:
    return {**identity(session), MADE_BY[0]: MADE_BY[1]}


def _of_ec2(cloud: Cloud, session: Session) -> Iterator[Rest]:
    """EC2 tells the tags of all its kinds in one place, and locally of more than the tagging API does."""
    wanted = _tags(session)
    filters = [{"Name": "key", "Values": [*wanted, "Name"]}]
    tags: dict[str, dict[str, str]] = {}
    for each in pages(cloud.client("ec2"), "describe_tags", "Tags", Filters=filters):
        tags.setdefault(each["ResourceId"], {})[each["Key"]] = each["Value"]
    for id_, own in sorted(tags.items()):
        kind = next((kind for prefix, kind in EC2.items() if id_.startswith(prefix)), None)
        if kind and wanted.items() <= own.items():
            yield Rest(id_, own.get("Name", ""), kind)


def _tagged(cloud: Cloud, session: Session) -> Iterator[Rest]:
    filters = [{"Key": key, "Values": [value]} for key, value in _tags(session).items()]
    client = cloud.client("resourcegroupstaggingapi")
    for item in pages(client, "get_resources", "ResourceTagMappingList", TagFilters=filters):
        arn = str(item["ResourceARN"]).removesuffix(":*")
        service, resource = arn.split(":", 5)[2::3]
        found = [(begin, kind) for begin, kind in OTHERS.items() if f"{service}:{resource}".startswith(begin)]
        if found:
            begin, kind = found[0]
            own = f"{service}:{resource}".removeprefix(begin)
            yield Rest(arn if kind.is_arn else own, arn, kind)


def _leaving(cloud: Cloud, ids: set[str]) -> set[str]:
    """Of these, what is on its way out already, or goes with something else."""
    ec2, kms = cloud.client("ec2"), cloud.client("kms")
    gone = set()
    if gateways := [each for each in ids if each.startswith("nat-")]:
        for each in pages(ec2, "describe_nat_gateways", "NatGateways", NatGatewayIds=gateways):
            gone |= {each["NatGatewayId"]} if each["State"] in ("deleted", "deleting") else set()
    if endpoints := [each for each in ids if each.startswith("vpce-")]:
        for each in pages(ec2, "describe_vpc_endpoints", "VpcEndpoints", VpcEndpointIds=endpoints):
            gone |= {each["VpcEndpointId"]} if each["State"].lower() in ("deleted", "deleting") else set()
    if groups := [each for each in ids if each.startswith("sg-")]:
        for each in pages(ec2, "describe_security_groups", "SecurityGroups", GroupIds=groups):
            gone |= {each["GroupId"]} if each["GroupName"] == "default" else set()  # its VPC's own
    for key in (each for each in ids if _is_key(each)):
        if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion":
            gone.add(key)
    return gone


def _is_key(id_: str) -> bool:
    return bool(re.fullmatch(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id_))


def state(found: list[Rest], lineage: str, provider: str) -> dict[str, Any]:
    """A state that holds these and knows nothing of them but their ids: the provider reads the rest itself."""
    resources = [
        {
            "mode": "managed",
            "type": each.kind.type,
            "name": f"rest{number}",
            "provider": f'provider["{provider}"]',
            "instances": [{"schema_version": each.kind.schema, "attributes": {"id": each.id}}],
        }
        for number, each in enumerate(found)
    ]
    return {
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": 1,
        "lineage": lineage,
        "outputs": {},
        "resources": resources,
    }
