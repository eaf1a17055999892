# Three kinds of workload run in the VPC. Nothing may call them from outside; they leave over TLS only.
locals {
  workloads = {
    lambda    = "Lambda functions"
    training  = "Training and processing jobs"
    endpoints = "Model containers behind SageMaker endpoints"
  }
}

resource "aws_security_group" "workload" {
  #checkov:skip=CKV2_AWS_5:Attached by the phases that run the workloads
  for_each = local.workloads

  name        = "${var.context.name_prefix}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.context.name_prefix}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "tls" {
  for_each = local.workloads

  security_group_id = aws_security_group.workload[each.key].id
  description       = "AWS APIs"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

# The nodes of one distributed job talk to each other on ports that SageMaker picks.
resource "aws_vpc_security_group_ingress_rule" "between_training_nodes" {
  security_group_id            = aws_security_group.workload["training"].id
  description                  = "Nodes of the same job"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.workload["training"].id
}

resource "aws_vpc_security_group_egress_rule" "between_training_nodes" {
  security_group_id            = aws_security_group.workload["training"].id
  description                  = "Nodes of the same job"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.workload["training"].id
}

resource "aws_security_group" "interface_endpoints" {
  #checkov:skip=CKV2_AWS_5:Attached to every interface endpoint of endpoints.tf
  count = length(var.network.interface_endpoints) > 0 ? 1 : 0

  name        = "${var.context.name_prefix}-interface-endpoints"
  description = "Interface endpoints of AWS services"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.context.name_prefix}-interface-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "interface_endpoints" {
  for_each = length(var.network.interface_endpoints) > 0 ? local.workloads : {}

  security_group_id            = aws_security_group.interface_endpoints[0].id
  description                  = "TLS from ${each.value}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.workload[each.key].id
}
