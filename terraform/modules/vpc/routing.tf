resource "aws_internet_gateway" "this" {
  count = local.own

  vpc_id = local.vpc_id

  tags = { Name = var.context.name_prefix }
}

resource "aws_route_table" "public" {
  count = local.own

  vpc_id = local.vpc_id

  tags = { Name = "${var.context.name_prefix}-public" }
}

resource "aws_route" "internet" {
  count = local.own

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  route_table_id = aws_route_table.public[0].id
  subnet_id      = each.value.id
}

# One table per zone, so that each zone can use its own gateway.
resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = local.vpc_id

  tags = { Name = "${var.context.name_prefix}-private-${each.key}" }
}

resource "aws_route" "nat" {
  for_each = var.network.nat == "none" ? {} : local.zones

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[var.network.nat == "single" ? "0" : each.key].id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = each.value.id
}

# No route but the gateway endpoint of S3.
resource "aws_route_table" "isolated" {
  count = length(local.isolated_cidrs) > 0 ? 1 : 0

  vpc_id = local.vpc_id

  tags = { Name = "${var.context.name_prefix}-isolated" }
}

resource "aws_route_table_association" "isolated" {
  for_each = aws_subnet.isolated

  route_table_id = aws_route_table.isolated[0].id
  subnet_id      = each.value.id
}
