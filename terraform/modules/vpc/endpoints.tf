# Free, and keeps S3 traffic off the NAT gateway: always present in our own network. In an existing one it needs route
# tables, unless the network already has the endpoint.
locals {
  s3_route_table_ids = local.own == 1 ? concat([for table in aws_route_table.private : table.id], aws_route_table.isolated[*].id) : local.existing.route_table_ids

  private_subnet_ids  = local.own == 1 ? [for index in sort(keys(aws_subnet.private)) : aws_subnet.private[index].id] : local.existing.private_subnet_ids
  public_subnet_ids   = local.own == 1 ? [for index in sort(keys(aws_subnet.public)) : aws_subnet.public[index].id] : local.existing.public_subnet_ids
  isolated_subnet_ids = local.own == 1 ? [for index in sort(keys(aws_subnet.isolated)) : aws_subnet.isolated[index].id] : local.existing.isolated_subnet_ids
}

resource "aws_vpc_endpoint" "s3" {
  count = length(local.s3_route_table_ids) > 0 ? 1 : 0

  vpc_id            = local.vpc_id
  service_name      = "com.amazonaws.${var.context.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = local.s3_route_table_ids
  policy            = jsonencode(local.s3_endpoint_policy)

  tags = { Name = "${var.context.name_prefix}-s3" }
}

# Billed per hour, zone and service: more than a NAT gateway from the second one on.
resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.network.interface_endpoints)

  vpc_id             = local.vpc_id
  service_name       = "com.amazonaws.${var.context.region}.${each.value}"
  vpc_endpoint_type  = "Interface"
  subnet_ids         = local.private_subnet_ids
  security_group_ids = [aws_security_group.interface_endpoints[0].id]
  policy             = jsonencode(local.interface_endpoint_policies[each.value])

  # Its name execute-api.<region>.amazonaws.com would also catch every public API, the platform's own included.
  private_dns_enabled = each.value != "execute-api"

  tags = { Name = "${var.context.name_prefix}-${each.value}" }

  lifecycle {
    precondition {
      condition     = local.own == 1 || try(data.aws_vpc.existing[0].enable_dns_support && data.aws_vpc.existing[0].enable_dns_hostnames, false)
      error_message = "network.use_existing: interface endpoints need DNS support and DNS host names switched on in ${local.vpc_id}."
    }
  }
}
