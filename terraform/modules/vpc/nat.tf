locals {
  nat_zones = {
    none   = []
    single = ["0"]
    per_az = keys(local.zones)
  }[local.own == 1 ? var.network.nat : "none"]
}

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:The address belongs to a NAT gateway, not to an instance
  for_each = toset(local.nat_zones)

  domain = "vpc"

  tags = { Name = "${var.context.name_prefix}-nat-${each.key}" }
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${var.context.name_prefix}-${each.key}" }

  # A gateway without an internet route fails its creation check.
  depends_on = [aws_internet_gateway.this]
}
