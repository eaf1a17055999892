mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "two_zones_with_a_public_and_a_private_subnet_each" {
  assert {
    condition     = [for index in ["0", "1"] : aws_subnet.private[index].cidr_block] == ["10.0.64.0/20", "10.0.80.0/20"]
    error_message = "The private subnets must be 10.0.64.0/20 and 10.0.80.0/20; got ${jsonencode({ for index, subnet in aws_subnet.private : index => subnet.cidr_block })}."
  }
  assert {
    condition     = [for index in ["0", "1"] : aws_subnet.public[index].cidr_block] == ["10.0.0.0/20", "10.0.16.0/20"]
    error_message = "The public subnets must be 10.0.0.0/20 and 10.0.16.0/20; got ${jsonencode({ for index, subnet in aws_subnet.public : index => subnet.cidr_block })}."
  }
  assert {
    condition     = [for index in ["0", "1"] : aws_subnet.private[index].availability_zone] == ["us-east-1a", "us-east-1b"]
    error_message = "The private subnets must be in us-east-1a and us-east-1b; got ${jsonencode([for subnet in aws_subnet.private : subnet.availability_zone])}."
  }
  assert {
    condition     = length(output.private_subnet_ids) == 2 && length(output.public_subnet_ids) == 2 && length(output.isolated_subnet_ids) == 0
    error_message = "The outputs must list two private, two public and no isolated subnets; got ${length(output.private_subnet_ids)}, ${length(output.public_subnet_ids)} and ${length(output.isolated_subnet_ids)}."
  }
}

run "nothing_is_open_to_the_outside" {
  assert {
    condition     = length(aws_default_security_group.closed[0].ingress) == 0 && length(aws_default_security_group.closed[0].egress) == 0
    error_message = "The default security group must have no rules."
  }
  assert {
    condition     = !anytrue([for subnet in aws_subnet.public : subnet.map_public_ip_on_launch])
    error_message = "public addresses are given out"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.internet : rule.from_port == 443 && rule.to_port == 443])
    error_message = "something leaves other than by TLS"
  }
  assert {
    condition     = alltrue([for rule in merge(aws_vpc_security_group_ingress_rule.within, aws_vpc_security_group_ingress_rule.interface_endpoints) : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "an address range may come in"
  }
  assert {
    condition     = toset(keys(output.security_group_ids)) == toset(["lambda", "training", "endpoints", "studio"])
    error_message = "There must be the security groups lambda, training, endpoints and studio; got ${jsonencode(keys(output.security_group_ids))}."
  }
}

run "public_subnets_leave_through_the_internet_gateway" {
  assert {
    condition     = aws_route.internet[0].destination_cidr_block == "0.0.0.0/0" && aws_route.internet[0].gateway_id == aws_internet_gateway.this[0].id
    error_message = "Public subnets must have a route to the internet gateway."
  }
  assert {
    condition     = aws_route.internet[0].route_table_id == aws_route_table.public[0].id && alltrue([for each in aws_route_table_association.public : each.route_table_id == aws_route_table.public[0].id])
    error_message = "The internet route must be in the public subnets' route table."
  }
}

run "one_gateway_serves_all_zones_by_default" {
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 2
    error_message = "A single NAT gateway must serve both zones; got ${length(aws_nat_gateway.this)} gateways, ${length(aws_route.nat)} routes."
  }
}

run "every_zone_has_its_own_gateway" {
  variables {
    network = { nat = "per_az", availability_zones = 3 }
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 3 && alltrue([for index in ["0", "1", "2"] : aws_route.nat[index].nat_gateway_id == aws_nat_gateway.this[index].id])
    error_message = "a zone leaves through another zone's gateway"
  }
}

run "without_nat_s3_still_has_its_endpoint" {
  variables {
    network = { nat = "none", isolated_subnets = true }
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0 && length(aws_eip.nat) == 0
    error_message = "With nat = none there must be no NAT gateway."
  }
  assert {
    condition     = aws_vpc_endpoint.s3[0].vpc_endpoint_type == "Gateway" && length(aws_vpc_endpoint.s3[0].route_table_ids) == 3
    error_message = "the endpoint must serve two private tables and the isolated one"
  }
  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3[0].policy).Statement[0].Condition.StringEquals["aws:ResourceAccount"] == "123456789012"
    error_message = "data could leave to buckets of others"
  }
  assert {
    condition     = length(output.isolated_subnet_ids) == 2
    error_message = "isolated subnets are missing"
  }
}

run "interface_endpoints_come_by_list" {
  variables {
    network = { interface_endpoints = ["sts", "sagemaker.runtime"] }
  }
  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset(["com.amazonaws.us-east-1.sts", "com.amazonaws.us-east-1.sagemaker.runtime"])
    error_message = "There must be interface endpoints for sts and sagemaker.runtime only; got ${jsonencode([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name])}."
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.vpc_endpoint_type == "Interface"])
    error_message = "an endpoint of another type has no address in the subnets"
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.security_group_ids == toset([aws_security_group.interface_endpoints[0].id])])
    error_message = "an endpoint outside its group takes the VPC's default one"
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.interface_endpoints) == 4 && alltrue([for rule in aws_vpc_security_group_ingress_rule.interface_endpoints : rule.to_port == 443])
    error_message = "each workload, and only TLS, may call the endpoints"
  }
}

run "a_private_api_does_not_hide_public_ones" {
  command = plan
  variables {
    network = { interface_endpoints = ["execute-api", "sqs"] }
  }
  assert {
    condition     = { for name, endpoint in aws_vpc_endpoint.interface : name => endpoint.private_dns_enabled } == { execute-api = false, sqs = true }
    error_message = "private DNS of execute-api catches every public API of the region"
  }
  assert {
    condition     = { for name, endpoint in aws_vpc_endpoint.interface : name => jsondecode(endpoint.policy).Statement[0].Action } == { execute-api = ["execute-api:*"], sqs = ["sqs:*"] }
    error_message = "an endpoint serves one service"
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : jsondecode(endpoint.policy).Statement[0].Condition.StringEquals["aws:PrincipalAccount"] == "123456789012"])
    error_message = "identities of other accounts may use an endpoint"
  }
  assert {
    condition     = jsondecode(aws_vpc_endpoint.interface["sqs"].policy).Statement[0].Condition.StringEquals["aws:ResourceAccount"] == "123456789012"
    error_message = "messages could go to queues of others"
  }
}

run "without_a_way_out_no_rule_names_the_internet" {
  command = plan
  variables {
    network = { nat = "none", interface_endpoints = ["sts"] }
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.internet) == 0
    error_message = "With nat = none no rule must allow the internet."
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.s3) == 4 && length(aws_vpc_security_group_egress_rule.interface_endpoints) == 4
    error_message = "S3 and the interface endpoints must stay reachable"
  }
}

run "members_of_a_group_talk_among_themselves_only_where_they_must" {
  command = plan
  assert {
    condition     = { for name, rule in aws_vpc_security_group_ingress_rule.within : name => join(":", compact([rule.ip_protocol, rule.from_port, rule.to_port])) } == { training = "-1", studio = "tcp:8192:65535" }
    error_message = "Only training (all ports) and studio (8192 to 65535) may connect within their group; got ${jsonencode(keys(aws_vpc_security_group_ingress_rule.within))}."
  }
}

run "flow_logs_are_kept_encrypted_under_the_boundary" {
  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_flow_log.this[0].max_aggregation_interval == 600 && aws_cloudwatch_log_group.flow_logs[0].retention_in_days == 30
    error_message = "Flow logs must cover ALL traffic every 600 seconds and be kept for 30 days; got ${aws_flow_log.this[0].traffic_type}, ${aws_flow_log.this[0].max_aggregation_interval} seconds, ${aws_cloudwatch_log_group.flow_logs[0].retention_in_days} days."
  }
  assert {
    condition     = aws_flow_log.this[0].log_destination == aws_cloudwatch_log_group.flow_logs[0].arn
    error_message = "flow logs go elsewhere"
  }
  assert {
    condition     = aws_cloudwatch_log_group.flow_logs[0].kms_key_id == var.kms_key_arn && aws_iam_role.flow_logs[0].permissions_boundary == var.boundary_arn
    error_message = "no key or no boundary"
  }
}

run "flow_logs_can_be_off" {
  command = plan
  variables {
    network = { flow_logs = false }
  }
  assert {
    condition     = length(aws_flow_log.this) == 0 && length(aws_iam_role.flow_logs) == 0
    error_message = "flow logs are on"
  }
}

run "refuses_a_network_of_the_wrong_size" {
  command = plan
  variables {
    network = { cidr = "10.0.0.0/24" }
  }
  expect_failures = [var.network]
}

run "refuses_a_single_zone" {
  command = plan
  variables {
    network = { availability_zones = 1 }
  }
  expect_failures = [var.network]
}

run "refuses_an_unknown_nat_mode" {
  command = plan
  variables {
    network = { nat = "two" }
  }
  expect_failures = [var.network]
}

run "refuses_an_interface_endpoint_of_s3" {
  command = plan
  variables {
    network = { interface_endpoints = ["s3"] }
  }
  expect_failures = [var.network]
}

run "refuses_unknown_flow_log_traffic" {
  command = plan
  variables {
    network = { flow_log_traffic = "SOME" }
  }
  expect_failures = [var.network]
}

run "refuses_a_flow_log_interval_that_ec2_does_not_offer" {
  command = plan
  variables {
    network = { flow_log_interval_seconds = 300 }
  }
  expect_failures = [var.network]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arn = "none"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_what_is_not_a_policy" {
  command = plan
  variables {
    boundary_arn = "arn:aws:iam::123456789012:role/x"
  }
  expect_failures = [var.boundary_arn]
}

run "endpoints_of_bedrock_admit_what_iam_calls_bedrock" {
  command = plan
  variables {
    network = { interface_endpoints = ["bedrock-runtime", "bedrock-agent-runtime"] }
  }
  assert {
    condition     = { for name, endpoint in aws_vpc_endpoint.interface : name => one(jsondecode(endpoint.policy).Statement).Action } == { bedrock-runtime = ["bedrock:*"], bedrock-agent-runtime = ["bedrock:*"] }
    error_message = "requests to agents are called bedrock in IAM"
  }
}
