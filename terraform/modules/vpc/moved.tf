# These became one of none or one when networks that exist already could be used.
moved {
  from = aws_vpc.this
  to   = aws_vpc.this[0]
}

moved {
  from = aws_default_security_group.closed
  to   = aws_default_security_group.closed[0]
}

moved {
  from = aws_internet_gateway.this
  to   = aws_internet_gateway.this[0]
}

moved {
  from = aws_route_table.public
  to   = aws_route_table.public[0]
}

moved {
  from = aws_route.internet
  to   = aws_route.internet[0]
}

moved {
  from = aws_vpc_endpoint.s3
  to   = aws_vpc_endpoint.s3[0]
}

moved {
  from = aws_vpc_security_group_egress_rule.tls
  to   = aws_vpc_security_group_egress_rule.internet
}

moved {
  from = aws_vpc_security_group_ingress_rule.between_training_nodes
  to   = aws_vpc_security_group_ingress_rule.within["training"]
}

moved {
  from = aws_vpc_security_group_egress_rule.between_training_nodes
  to   = aws_vpc_security_group_egress_rule.within["training"]
}
