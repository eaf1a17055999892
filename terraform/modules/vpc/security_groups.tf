# Four kinds of workload run in the VPC. Nothing may call them from outside, and they leave over TLS only: to S3 and the
# interface endpoints always, to the internet only if the network has access to it. AWS's public endpoints have no fixed
# addresses, so internet access can be limited by port but not by address; without it (`nat = none` or `internet_egress
# = false`) no rule names 0.0.0.0/0 at all.
locals {
  workloads = {
    lambda    = "Lambda functions"
    training  = "Training and processing jobs"
    endpoints = "Model containers behind SageMaker endpoints"
    studio    = "Studio apps"
  }

  internet_access = local.own == 1 ? var.network.nat != "none" : local.existing.internet_egress

  # Ports on which members of one group talk to each other.
  within = {
    training = { description = "Nodes of the same job, on ports that SageMaker picks", protocol = "-1", from = null, to = null }
    studio   = { description = "Jupyter server and kernel gateway", protocol = "tcp", from = 8192, to = 65535 }
  }

  has_interface_endpoints = length(var.network.interface_endpoints) > 0
}

# The addresses of S3 in this region, maintained by AWS.
data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${var.context.region}.s3"
}

resource "aws_security_group" "workload" {
  #checkov:skip=CKV2_AWS_5:Attached by the phases that run the workloads
  for_each = local.workloads

  name        = "${var.context.name_prefix}-${each.key}"
  description = each.value
  vpc_id      = local.vpc_id

  tags = { Name = "${var.context.name_prefix}-${each.key}" }

  lifecycle {
    precondition {
      condition     = local.own == 1 || length(local.existing_zones) >= 2
      error_message = "network.use_existing.private_subnet_ids must be in at least two zones, got ${jsonencode(local.existing_zones)}."
    }
  }
}

resource "aws_vpc_security_group_egress_rule" "internet" {
  for_each = local.internet_access ? local.workloads : {}

  security_group_id = aws_security_group.workload[each.key].id
  description       = "AWS APIs"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = local.workloads

  security_group_id = aws_security_group.workload[each.key].id
  description       = "S3 through its gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3.id
}

resource "aws_vpc_security_group_egress_rule" "interface_endpoints" {
  for_each = local.has_interface_endpoints ? local.workloads : {}

  security_group_id            = aws_security_group.workload[each.key].id
  description                  = "AWS APIs through interface endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.interface_endpoints[0].id
}

resource "aws_vpc_security_group_ingress_rule" "within" {
  for_each = local.within

  security_group_id            = aws_security_group.workload[each.key].id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from
  to_port                      = each.value.to
  referenced_security_group_id = aws_security_group.workload[each.key].id
}

resource "aws_vpc_security_group_egress_rule" "within" {
  for_each = local.within

  security_group_id            = aws_security_group.workload[each.key].id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from
  to_port                      = each.value.to
  referenced_security_group_id = aws_security_group.workload[each.key].id
}

resource "aws_security_group" "interface_endpoints" {
  #checkov:skip=CKV2_AWS_5:Attached to every interface endpoint of endpoints.tf
  count = local.has_interface_endpoints ? 1 : 0

  name        = "${var.context.name_prefix}-interface-endpoints"
  description = "Interface endpoints of AWS services"
  vpc_id      = local.vpc_id

  tags = { Name = "${var.context.name_prefix}-interface-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "interface_endpoints" {
  for_each = local.has_interface_endpoints ? local.workloads : {}

  security_group_id            = aws_security_group.interface_endpoints[0].id
  description                  = "TLS from ${each.value}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.workload[each.key].id
}
