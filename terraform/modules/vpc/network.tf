data "aws_partition" "current" {}

data "aws_availability_zones" "available" {
  count = local.own

  #checkov:skip=CKV_AWS_394:Only the first two or three of the sorted names are used; a new zone sorts behind them
  state = "available"

  # Local Zones and Wavelength Zones hold neither NAT gateways nor most endpoints.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  # Our own network, or an existing one.
  own      = var.network.use_existing == null ? 1 : 0
  existing = var.network.use_existing
  vpc_id   = local.own == 1 ? aws_vpc.this[0].id : data.aws_vpc.existing[0].id

  # A zone's index determines its addresses, so that adding a third zone later changes none.
  zones = { for index in range(local.own * var.network.availability_zones) : tostring(index) => data.aws_availability_zones.available[0].names[index] }

  # Blocks of 1/16 of the network: public 0-2, private 4-6, isolated 8-10.
  public_cidrs   = { for index, zone in local.zones : index => cidrsubnet(var.network.cidr, 4, tonumber(index)) }
  private_cidrs  = { for index, zone in local.zones : index => cidrsubnet(var.network.cidr, 4, 4 + tonumber(index)) }
  isolated_cidrs = var.network.isolated_subnets ? { for index, zone in local.zones : index => cidrsubnet(var.network.cidr, 4, 8 + tonumber(index)) } : {}
}

resource "aws_vpc" "this" {
  count = local.own

  cidr_block           = var.network.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.context.name_prefix }
}

# The group that everything falls into that names none: closed in both directions.
resource "aws_default_security_group" "closed" {
  count = local.own

  vpc_id = aws_vpc.this[0].id

  tags = { Name = "${var.context.name_prefix}-default-closed" }
}

resource "aws_subnet" "public" {
  for_each = local.public_cidrs

  vpc_id                  = local.vpc_id
  cidr_block              = each.value
  availability_zone       = local.zones[each.key]
  map_public_ip_on_launch = false

  tags = { Name = "${var.context.name_prefix}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.private_cidrs

  vpc_id            = local.vpc_id
  cidr_block        = each.value
  availability_zone = local.zones[each.key]

  tags = { Name = "${var.context.name_prefix}-private-${each.key}" }
}

resource "aws_subnet" "isolated" {
  for_each = local.isolated_cidrs

  vpc_id            = local.vpc_id
  cidr_block        = each.value
  availability_zone = local.zones[each.key]

  tags = { Name = "${var.context.name_prefix}-isolated-${each.key}" }
}
