"""EC2: descriptions of security-group rules, tags of deleted NAT gateways, routes of gateway endpoints."""

from __future__ import annotations

from inspect import signature
from typing import Any

from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCEndPoint

from emulator.core.settings import Settings
from emulator.moto.patching import wrap

INIT = signature(SecurityGroupRule.__init__)


def apply(settings: Settings) -> None:
    _rule_descriptions()
    _forget_tags_of_deleted()
    _routes_of_gateway_endpoints()


def _forget_tags_of_deleted() -> None:
    @wrap(NatGatewayBackend, "delete_nat_gateway")
    def delete_nat_gateway(original: Any, self: Any, nat_gateway_id: str) -> Any:
        """Delete a gateway's tags with it: it stays visible for a while, but the tagging API must not list it."""
        gateway = original(self, nat_gateway_id)
        self.tags.pop(nat_gateway_id, None)
        return gateway


def _routes_of_gateway_endpoints() -> None:
    @wrap(VPCEndPoint, "modify")
    def modify(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        """Add the routes of tables that join; moto only lists the tables, and then cannot delete the endpoint."""
        before = set(self.route_table_ids)
        original(self, *args, **kwargs)
        prefix_list = self.destination_prefix_list_id
        if not prefix_list:
            return
        for table in set(self.route_table_ids) - before:
            self.ec2_backend.create_route(table, None, gateway_id=self.id, destination_prefix_list_id=prefix_list)
        for table in before - set(self.route_table_ids):
            self.ec2_backend.delete_route(table, prefix_list)


def _rule_descriptions() -> None:
    """Keep the descriptions of rules whose source is a group or a prefix list."""

    @wrap(SecurityGroupRule, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        """Keep a prefix list's description; moto keeps only its id."""
        original(self, *args, **kwargs)
        given = INIT.bind(self, *args, **kwargs).arguments
        self.emulator_prefix_list = given.get("prefix_list_id") or {}

    @wrap(SecurityGroupRule, "description")
    def description(original: Any, self: Any) -> str | None:
        """Return the description, which moto reads only from address ranges."""
        # A later ModifySecurityGroupRules leaves its description in `ip_range`, whatever the source is.
        for source in (self.ip_range, self.source_group, getattr(self, "emulator_prefix_list", {})):
            if source and source.get("Description"):
                return str(source["Description"])
        return None
