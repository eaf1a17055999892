mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  network = {
    use_existing = {
      vpc_id             = "vpc-0abc"
      private_subnet_ids = ["subnet-0a", "subnet-0b"]
    }
  }
}

override_data {
  target = data.aws_vpc.existing[0]
  values = { id = "vpc-0abc", cidr_block = "172.16.0.0/16", enable_dns_support = true, enable_dns_hostnames = true }
}

override_data {
  target = data.aws_subnet.existing["subnet-0a"]
  values = { vpc_id = "vpc-0abc", availability_zone = "us-east-1a" }
}

override_data {
  target = data.aws_subnet.existing["subnet-0b"]
  values = { vpc_id = "vpc-0abc", availability_zone = "us-east-1b" }
}

override_data {
  target = data.aws_subnet.existing["subnet-0c"]
  values = { vpc_id = "vpc-0other", availability_zone = "us-east-1b" }
}

override_data {
  target = data.aws_subnet.existing["subnet-0d"]
  values = { vpc_id = "vpc-0abc", availability_zone = "us-east-1a" }
}

run "an_existing_network_gets_security_groups_and_nothing_else" {
  command = plan
  assert {
    condition     = length(aws_vpc.this) + length(aws_subnet.private) + length(aws_subnet.public) + length(aws_internet_gateway.this) + length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_route_table.private) + length(aws_route_table.public) + length(aws_flow_log.this) + length(aws_default_security_group.closed) + length(aws_vpc_endpoint.s3) + length(aws_vpc_endpoint.interface) == 0
    error_message = "No network resource must be created in an existing network."
  }
  assert {
    condition     = alltrue([for group in aws_security_group.workload : group.vpc_id == "vpc-0abc"]) && length(aws_security_group.workload) == 4
    error_message = "groups belong into the existing network"
  }
  assert {
    condition     = output.vpc_id == "vpc-0abc" && output.private_subnet_ids == tolist(["subnet-0a", "subnet-0b"]) && length(output.public_subnet_ids) == 0
    error_message = "The outputs must be the given subnets."
  }
}

run "endpoints_are_created_on_request" {
  command = plan
  variables {
    network = {
      interface_endpoints = ["sts"]
      use_existing = {
        vpc_id             = "vpc-0abc"
        private_subnet_ids = ["subnet-0a", "subnet-0b"]
        route_table_ids    = ["rtb-0a"]
        internet_egress    = false
      }
    }
  }
  assert {
    condition     = aws_vpc_endpoint.s3[0].route_table_ids == toset(["rtb-0a"]) && aws_vpc_endpoint.interface["sts"].subnet_ids == toset(["subnet-0a", "subnet-0b"])
    error_message = "endpoints of an existing network"
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.internet) == 0
    error_message = "Without internet_egress no rule must allow the internet."
  }
}

run "refuses_a_subnet_of_another_network" {
  command = plan
  variables {
    network = { use_existing = { vpc_id = "vpc-0abc", private_subnet_ids = ["subnet-0a", "subnet-0c"] } }
  }
  expect_failures = [data.aws_subnet.existing["subnet-0c"]]
}

run "refuses_subnets_of_one_zone" {
  command = plan
  variables {
    network = { use_existing = { vpc_id = "vpc-0abc", private_subnet_ids = ["subnet-0a", "subnet-0d"] } }
  }
  expect_failures = [aws_security_group.workload]
}

run "refuses_interface_endpoints_without_dns" {
  command = plan
  override_data {
    target = data.aws_vpc.existing[0]
    values = { id = "vpc-0abc", cidr_block = "172.16.0.0/16", enable_dns_support = true, enable_dns_hostnames = false }
  }
  variables {
    network = {
      interface_endpoints = ["sts"]
      use_existing        = { vpc_id = "vpc-0abc", private_subnet_ids = ["subnet-0a", "subnet-0b"] }
    }
  }
  expect_failures = [aws_vpc_endpoint.interface["sts"]]
}

run "refuses_what_is_not_a_network" {
  command = plan
  variables {
    network = { use_existing = { vpc_id = "mine", private_subnet_ids = ["subnet-0a", "subnet-0b"] } }
  }
  expect_failures = [var.network]
}

run "refuses_a_single_subnet" {
  command = plan
  variables {
    network = { use_existing = { vpc_id = "vpc-0abc", private_subnet_ids = ["subnet-0a", "subnet-0a"] } }
  }
  expect_failures = [var.network]
}
