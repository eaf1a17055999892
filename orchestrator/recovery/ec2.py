"""List EC2's resources by kind and tags: nearly all of them have an id and no name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.aws.client import every
from orchestrator.aws.model import Cloud
from orchestrator.core.types import Json

_GONE = ("deleted", "deleting", "failed")


@dataclass(frozen=True)
class Kind:
    """A kind of resource: the operation that lists it, and the provider's type."""

    type: str
    operation: str
    items: str
    id: str
    schema: int = 0
    """The version of the type's schema in a state."""


KINDS = (
    Kind("aws_eip", "describe_addresses", "Addresses", "AllocationId"),
    Kind("aws_flow_log", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    Kind("aws_internet_gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    Kind("aws_nat_gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    Kind("aws_route_table", "describe_route_tables", "RouteTables", "RouteTableId"),
    Kind("aws_security_group", "describe_security_groups", "SecurityGroups", "GroupId", 1),
    Kind("aws_subnet", "describe_subnets", "Subnets", "SubnetId", 1),
    Kind("aws_vpc", "describe_vpcs", "Vpcs", "VpcId", 1),
    Kind("aws_vpc_endpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
)


def tagged(cloud: Cloud, kind: Kind, required: Mapping[str, str]) -> Iterator[tuple[Json, dict[str, str]]]:
    """Yield the resources of a kind that have these tags and are not being deleted, with all their tags."""
    for item in every(cloud.client("ec2"), kind.operation, kind.items):
        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())}
        if required.items() <= tags.items() and str(item.get("State", "")).lower() not in _GONE:
            yield item, tags
