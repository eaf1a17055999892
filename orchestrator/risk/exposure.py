"""Find `public-exposure`: resources that become reachable from outside the account or the network.

Each rule describes the exposure as a set of sentences; a change is a risk if it adds a sentence to the set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.core.types import Json
from orchestrator.risk import inbound
from orchestrator.risk.changes import ResourceChange, blocks
from orchestrator.risk.grants import Grant, parse
from orchestrator.risk.narrowing import narrows

_LIMITING = """
    aws:principalaccount aws:principalarn aws:principalorgid aws:principalorgpaths aws:sourceaccount aws:sourcearn
    aws:sourceorgid aws:sourceorgpaths aws:sourceowner aws:sourcevpc aws:sourcevpce aws:vpcsourceip aws:userid
    kms:calleraccount lambda:functionarn s3:dataaccesspointaccount sts:externalid
"""
_LIMITS = frozenset(_LIMITING.split())
"""Condition keys that restrict the principal `*` to certain callers."""
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")

Finder = Callable[[Json, str], Iterator[str]]


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Explain how a change exposes a resource; empty if it does not."""
    lost = _PROTECTIONS.get(change.type)
    if lost and change.removes and not change.replaces:
        return [lost]
    if not change.remains:
        return []
    before = set(_exposed(change, change.before, account_id)) if change.before else set()
    after = dict.fromkeys(_exposed(change, inbound.after(change), account_id))
    return [each for each in after if each not in before]


def _exposed(change: ResourceChange, values: Json, account_id: str) -> Iterator[str]:
    if change.type in _RULES:
        yield from _RULES[change.type](values, account_id)
    for path, exposed, words in _SETTINGS.get(change.type, ()):
        for block in blocks(values, *path[:-1]):
            if block.get(path[-1]) == exposed:
                yield words
    # Requests through an endpoint still need permissions, so `*` is the usual principal there.
    if change.type not in ("aws_vpc_endpoint", "aws_vpc_endpoint_policy"):
        for value in values.values():
            for grant in parse(value) or ():
                yield from _outsider(grant, account_id)


def _outsider(grant: Grant, account_id: str) -> Iterator[str]:
    """Describe a principal outside the account that a resource policy or trust policy admits."""
    if grant.effect != "Allow":
        return
    principal = str(grant.principal)
    if grant.principal.but is not None or principal.rpartition(":")[2] == "*":
        if not any(key in _LIMITS and narrows(operator, values) for operator, key, values in grant.conditions):
            yield f"anyone may {grant.action}"
    elif found := re.match(r"AWS:arn:[\w-]+:(?:iam|sts)::(\d{12}):", principal):
        if found[1] != account_id:
            yield f"account {found[1]} may {grant.action}"
    elif principal.startswith("CanonicalUser:"):
        yield f"another account's user may {grant.action}"


def _access_block(values: Json, account_id: str) -> Iterator[str]:
    for name in _BLOCKS:
        if not values.get(name):
            yield f"`{name}` is off"


def _lambda_permission(values: Json, account_id: str) -> Iterator[str]:
    principal = str(values.get("principal", ""))
    limited = values.get("principal_org_id") or values.get("source_account") or values.get("source_arn")
    account = re.search(r"\d{12}", principal)
    if principal == "*" and not limited:
        yield "anyone may call the function"
    elif account and account[0] != account_id:
        yield f"account {account[0]} may call the function"


def _api_method(values: Json, account_id: str) -> Iterator[str]:
    if values.get("authorization") == "NONE" and not values.get("api_key_required"):
        yield f"{values.get('http_method')} requires neither an API key nor authorization"


def _rest_api(values: Json, account_id: str) -> Iterator[str]:
    types = {each for block in blocks(values, "endpoint_configuration") for each in block.get("types") or ()}
    if types != {"PRIVATE"}:
        yield f"an API on the internet ({', '.join(sorted(types)) or 'EDGE'})"


def _acl(values: Json, account_id: str) -> Iterator[str]:
    acl = str(values.get("acl") or "")
    if acl.startswith("public") or acl == "authenticated-read":
        yield f"the ACL is {acl}"
    for grant in [*blocks(values, "grant"), *blocks(values, "access_control_policy", "grant")]:
        for grantee in [grant, *blocks(grant, "grantee")]:
            if str(grantee.get("uri") or "").endswith(("/AllUsers", "/AuthenticatedUsers")):
                yield f"the ACL names {grantee['uri']}"


def _layer_permission(values: Json, account_id: str) -> Iterator[str]:
    principal = str(values.get("principal", ""))
    if principal == "*" and not values.get("organization_id"):
        yield "anyone may use the layer"
    elif principal not in ("*", account_id):
        yield f"account {principal} may use the layer"


def _outside_the_vpc(values: Json, account_id: str) -> Iterator[str]:
    if not any(block.get("subnet_ids") for block in blocks(values, "vpc_options")):
        yield "it has a public address"


def _ram_principal(values: Json, account_id: str) -> Iterator[str]:
    principal = str(values.get("principal", ""))
    if principal and account_id not in principal:
        yield f"shared with {principal}"


_RULES: dict[str, Finder] = {
    "aws_api_gateway_method": _api_method,
    "aws_api_gateway_rest_api": _rest_api,
    "aws_default_network_acl": inbound.acl_rules,
    "aws_default_security_group": inbound.rules,
    "aws_ec2_managed_prefix_list": inbound.prefix_list,
    "aws_ec2_managed_prefix_list_entry": inbound.prefix_list,
    "aws_elasticsearch_domain": _outside_the_vpc,
    "aws_lambda_layer_version_permission": _layer_permission,
    "aws_lambda_permission": _lambda_permission,
    "aws_network_acl": inbound.acl_rules,
    "aws_network_acl_rule": inbound.acl_rules,
    "aws_opensearch_domain": _outside_the_vpc,
    "aws_ram_principal_association": _ram_principal,
    "aws_s3_account_public_access_block": _access_block,
    "aws_s3_bucket": _acl,
    "aws_s3_bucket_acl": _acl,
    "aws_s3_bucket_object": _acl,
    "aws_s3_bucket_public_access_block": _access_block,
    "aws_s3_object": _acl,
    "aws_s3_object_copy": _acl,
    "aws_security_group": inbound.rules,
    "aws_security_group_rule": inbound.rules,
    "aws_vpc_security_group_ingress_rule": inbound.rules,
}
_PUBLIC = (("publicly_accessible",), True, "it has a public address")
_TASK = (("network_configuration", "assign_public_ip"), True, "its tasks get public addresses")
_LOAD_BALANCER = (("internal",), False, "a load balancer on the internet")
_SUBNET = (
    (("map_public_ip_on_launch",), True, "instances in it get a public address"),
    (("assign_ipv6_address_on_creation",), True, "instances in it get a public IPv6 address"),
)
_SETTINGS: dict[str, tuple[tuple[tuple[str, ...], Any, str], ...]] = {
    "aws_alb": (_LOAD_BALANCER,),
    "aws_ami_launch_permission": ((("group",), "all", "anyone may launch the image"),),
    "aws_apigatewayv2_route": ((("authorization_type",), "NONE", "requires no authorization"),),
    "aws_db_instance": (_PUBLIC,),
    "aws_default_subnet": _SUBNET,
    "aws_dms_replication_instance": (_PUBLIC,),
    "aws_ecs_service": (_TASK,),
    "aws_ecs_task_set": (_TASK,),
    "aws_elb": (_LOAD_BALANCER,),
    "aws_instance": ((("associate_public_ip_address",), True, "it gets a public address"),),
    "aws_lambda_function_url": ((("authorization_type",), "NONE", "anyone may call the function by its URL"),),
    "aws_launch_configuration": ((("associate_public_ip_address",), True, "its instances get a public address"),),
    "aws_launch_template": (
        (("network_interfaces", "associate_public_ip_address"), "true", "its instances get a public address"),
    ),
    "aws_lb": (_LOAD_BALANCER,),
    "aws_mq_broker": (_PUBLIC,),
    "aws_neptune_cluster_instance": (_PUBLIC,),
    "aws_ram_resource_share": ((("allow_external_principals",), True, "other organisations can be admitted"),),
    "aws_rds_cluster_instance": (_PUBLIC,),
    "aws_redshift_cluster": (_PUBLIC,),
    "aws_redshiftserverless_workgroup": (_PUBLIC,),
    "aws_sagemaker_domain": (
        (("app_network_access_type",), "PublicInternetOnly", "notebooks reach the internet directly"),
    ),
    "aws_sagemaker_notebook_instance": (
        (("direct_internet_access",), "Enabled", "the notebook reaches the internet directly"),
    ),
    "aws_subnet": _SUBNET,
    "aws_vpc_endpoint_service": ((("acceptance_required",), False, "allowed principals connect without acceptance"),),
}
"""Attribute path, the exposing value, and its description."""
_PROTECTIONS = {
    "aws_s3_account_public_access_block": "the account's public access block is removed",
    "aws_s3_bucket_public_access_block": "the bucket's public access block is removed",
    "aws_wafv2_web_acl_association": "its web ACL is removed",
}
