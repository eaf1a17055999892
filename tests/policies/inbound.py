"""Rules of security groups and network ACLs in every spelling; see `test_spellings.py` for what the names say."""

from __future__ import annotations

from collections.abc import Iterator

from tests.policies.spellings import Ref, Resource, block, resource

RULE = "MLOPS_NETWORK_1"
GROUP, GROUP_RULE, INGRESS = "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule"
ACL, ACL_RULE = "aws_network_acl", "aws_network_acl_rule"
LIST, ENTRY = "aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry"
EVERYWHERE = {
    "plain": "0.0.0.0/0",
    "not_its_own_first_address": "1.2.3.4/0",
    "netmask": "0.0.0.0/0.0.0.0",
    "half": "128.0.0.0/1",
    "more_than_a_company": "52.0.0.0/15",
    "private_and_more": "10.0.0.0/6",
}
EVERYWHERE6 = {
    "plain": "::/0",
    "long": "0:0:0:0:0:0:0:0/0",
    "middling": "0::/0",
    "padded": "0000:0000:0000:0000:0000:0000:0000:0000/0",
    "all_of_unicast": "2000::/3",
    "mapped": "::ffff:0:0/96",
    "mapped_with_dots": "::ffff:0.0.0.0/96",
    "around_the_mapped": "::/80",
    "translated": "64:ff9b::/96",
    "a_region": "2600:1f18::/33",
}
FEW = {"network": "10.0.0.0/8", "office": "52.95.1.7/32", "company": "52.95.0.0/16", "shared": "100.64.0.0/10"}
FEW6 = {"site": "2600:1f18:1::/48", "local": "fc00::/7", "links": "fe80::/10", "mapped_host": "::ffff:52.95.1.1/128"}

REPRESENTATIVES = {"fail_half_4", "fail_long_6", "pass_office_4", "pass_site_6"}
"""Those that are tried in the rarer places too; elsewhere all are."""


def spelled() -> Iterator[Resource]:
    """Every spelling in every place where a range may stand."""
    verdicts = [("fail", EVERYWHERE, EVERYWHERE6), ("pass", FEW, FEW6)]
    for verdict, *versions in verdicts:
        for version, spellings in zip("46", versions, strict=True):
            for name, cidr in spellings.items():
                yield from _written(f"{verdict}_{name}_{version}", cidr, version)


def _written(name: str, cidr: str, version: str) -> Iterator[Resource]:
    own = {"security_group_id": f"sg-{name}"}
    blocks = {"4": "cidr_blocks", "6": "ipv6_cidr_blocks"}[version]
    one = {"4": "cidr_block", "6": "ipv6_cidr_block"}[version]
    inbound = {"from_port": 0, "to_port": 0, "protocol": "-1"}
    yield resource(INGRESS, name, **own, ip_protocol="tcp", from_port=1, to_port=2, **{f"cidr_ipv{version}": cidr})
    yield resource(GROUP_RULE, name, type="ingress", **own, **inbound, **{blocks: ["10.1.0.0/16", cidr]})
    yield resource(GROUP, name, ingress=[block(**inbound, self=True), block(**inbound, **{blocks: [cidr]})])
    if name not in REPRESENTATIVES:
        return
    yield resource(GROUP, f"{name}_objects", ingress=[{**inbound, blocks: [cidr]}])
    yield resource("aws_default_security_group", name, ingress=block(**inbound, **{blocks: [cidr]}))
    yield resource(ACL_RULE, name, network_acl_id=f"acl-{name}", egress=False, rule_action="allow", **{one: cidr})
    for kind in (ACL, "aws_default_network_acl"):
        yield resource(kind, name, ingress=block(**inbound, action="allow", rule_no=1, **{one: cidr}))


HALVES = ("0.0.0.0/1", "128.0.0.0/1")
PIECES = [f"{first}.0.0.0/16" for first in range(50, 60)]
PL = {"name": "l", "max_entries": 9, "address_family": "IPv4"}
TOGETHER = [
    *(resource(INGRESS, f"fail_half_{cidr[0]}", security_group_id="sg-halves", cidr_ipv4=cidr) for cidr in HALVES),
    resource(INGRESS, "pass_beside_halves", security_group_id="sg-halves", cidr_ipv4="10.0.0.0/8"),
    *(resource(INGRESS, f"fail_piece_{cidr[:2]}", security_group_id="sg-pieces", cidr_ipv4=cidr) for cidr in PIECES),
    *(resource(INGRESS, f"pass_apart_{cidr[:2]}", security_group_id=f"sg-{cidr}", cidr_ipv4=cidr) for cidr in PIECES),
    resource(GROUP, "fail_inline_and_beside", ingress=block(protocol="tcp", cidr_blocks=["52.0.0.0/16"])),
    resource(
        GROUP_RULE, "fail_inline_and_beside", type="ingress", cidr_blocks=["53.0.0.0/16"],
        security_group_id=Ref(f"{GROUP}.fail_inline_and_beside.id"),
    ),
    resource(GROUP, "fail_two_blocks", ingress=[block(protocol="tcp", cidr_blocks=[each]) for each in HALVES]),
    resource(ACL_RULE, "fail_acl_half_0", network_acl_id="acl-halves", rule_action="allow", cidr_block="52.0.0.0/16"),
    resource(ACL_RULE, "fail_acl_half_1", network_acl_id="acl-halves", rule_action="allow", cidr_block="53.0.0.0/16"),
    resource(ACL_RULE, "pass_acl_denies", network_acl_id="acl-1", rule_action="deny", cidr_block="0.0.0.0/0"),
    resource(ACL_RULE, "pass_acl_out", network_acl_id="acl-2", egress=True, rule_action="allow", cidr_block="::/0"),
    resource(ACL, "pass_acl_denies", ingress=block(action="deny", cidr_block="0.0.0.0/0")),
    resource(GROUP_RULE, "pass_egress", type="egress", security_group_id="sg-2", cidr_blocks=["0.0.0.0/0"]),
    resource(INGRESS, "pass_group", security_group_id="sg-3", referenced_security_group_id="sg-4"),
    resource(GROUP_RULE, "pass_self", type="ingress", security_group_id="sg-5", self=True),
]  # fmt: skip
LISTS = [
    resource(LIST, "world", **PL, entry=[block(cidr="10.0.0.0/8"), block(cidr="0.0.0.0/0")]),
    resource(LIST, "added", **PL, entry=block(cidr="10.0.0.0/8")),
    resource(ENTRY, "added", prefix_list_id=Ref(f"{LIST}.added.id"), cidr="0.0.0.0/0"),
    resource(LIST, "applied", **PL, id="pl-applied", entry=block(cidr="::/0")),
    resource(LIST, "office", **PL, entry=block(cidr="52.95.1.0/24")),
    resource(INGRESS, "fail_list", security_group_id="sg-6", prefix_list_id=Ref(f"{LIST}.world.id")),
    resource(INGRESS, "fail_list_of_entries", security_group_id="sg-7", prefix_list_id=Ref(f"{LIST}.added.id")),
    resource(INGRESS, "fail_list_by_its_id", security_group_id="sg-8", prefix_list_id="pl-applied"),
    resource(INGRESS, "fail_list_unseen", security_group_id="sg-9", prefix_list_id="pl-63a5400a"),
    resource(INGRESS, "pass_list", security_group_id="sg-10", prefix_list_id=Ref(f"{LIST}.office.id")),
    resource(
        GROUP_RULE, "fail_lists", type="ingress", security_group_id="sg-11",
        prefix_list_ids=[Ref(f"{LIST}.world.id")],
    ),
    resource(GROUP_RULE, "pass_lists_outward", type="egress", security_group_id="sg-12", prefix_list_ids=["pl-1"]),
    resource(GROUP, "fail_inline_list", ingress=block(protocol="-1", prefix_list_ids=["pl-63a5400a"])),
    resource(INGRESS, "open_list_of_a_module", security_group_id="sg-13", prefix_list_id=Ref("module.lists.world")),
]  # fmt: skip
EVERYTHING = [*spelled(), *TOGETHER, *LISTS]
ONLY_IN_SOURCE = """
variable "somewhere" {}
data "aws_ec2_managed_prefix_list" "looked_up" {
  name = "com.amazonaws.us-east-1.s3"
}
resource "aws_vpc_security_group_ingress_rule" "fail_looked_up" {
  security_group_id = "sg-20"
  prefix_list_id    = data.aws_ec2_managed_prefix_list.looked_up.id
}
resource "aws_vpc_security_group_ingress_rule" "open_variable" {
  security_group_id = "sg-21"
  cidr_ipv4         = var.somewhere
}
resource "aws_security_group" "open_expression" {
  ingress = concat([], var.somewhere)
}
resource "aws_security_group_rule" "open_function" {
  type              = "ingress"
  security_group_id = "sg-22"
  cidr_blocks       = [cidrsubnet(var.somewhere, 4, 1)]
}
resource "aws_security_group_rule" "fail_type_from_a_variable" {
  type              = var.somewhere
  security_group_id = "sg-23"
  cidr_blocks       = ["0.0.0.0/1", "128.0.0.0/1"]
}
resource "aws_security_group" "fail_dynamic" {
  dynamic "ingress" {
    for_each = ["a"]
    content {
      protocol    = "-1"
      cidr_blocks = ["0.0.0.0/1", "128.0.0.0/1"]
    }
  }
}
locals {
  everywhere = "0:0:0:0:0:0:0:0/0"
}
resource "aws_vpc_security_group_ingress_rule" "fail_local" {
  security_group_id = "sg-24"
  cidr_ipv6         = local.everywhere
}
resource "aws_ec2_managed_prefix_list" "world" {
  count = 1
  name  = "world"
  dynamic "entry" {
    for_each = ["a"]
    content {
      cidr = "0.0.0.0/0"
    }
  }
}
resource "aws_vpc_security_group_ingress_rule" "fail_counted_list" {
  security_group_id = "sg-25"
  prefix_list_id    = aws_ec2_managed_prefix_list.world[0].id
}
"""
