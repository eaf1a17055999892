mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context          = { account_id = "123456789012", name_prefix = "mlops-test" }
  boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

run "it_starts_and_stops_by_itself_and_has_a_ceiling" {
  assert {
    condition     = aws_emrserverless_application.this.auto_start_configuration[0].enabled
    error_message = "The application must start automatically when a job is submitted."
  }
  assert {
    condition     = aws_emrserverless_application.this.auto_stop_configuration[0].enabled && aws_emrserverless_application.this.auto_stop_configuration[0].idle_timeout_minutes == 5
    error_message = "an idle application costs"
  }
  assert {
    condition     = aws_emrserverless_application.this.maximum_capacity[0].cpu == "32 vCPU" && aws_emrserverless_application.this.maximum_capacity[0].memory == "128 GB"
    error_message = "maximum_capacity must be 32 vCPU and 128 GB; got ${jsonencode(aws_emrserverless_application.this.maximum_capacity)}."
  }
  assert {
    condition     = aws_iam_role.job.permissions_boundary == var.boundary_arn && aws_iam_role_policy.attached["bucket"].policy == var.policy_documents.bucket
    error_message = "The job role must have the boundary and the bucket's document; got ${aws_iam_role.job.permissions_boundary} and ${aws_iam_role_policy.attached["bucket"].policy}."
  }
}

run "workers_run_in_the_network_that_was_given" {
  command = plan
  variables {
    network = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  }
  assert {
    condition     = [for network in aws_emrserverless_application.this.network_configuration : [network.subnet_ids, network.security_group_ids]] == [[toset(["subnet-1", "subnet-2"]), toset(["sg-1"])]]
    error_message = "Workers must run in the given subnets and security groups; got ${jsonencode(aws_emrserverless_application.this.network_configuration)}."
  }
}

run "refuses_a_release_that_is_none" {
  command = plan
  variables {
    release_label = "latest"
  }
  expect_failures = [var.release_label]
}

run "refuses_a_ceiling_without_memory" {
  command = plan
  variables {
    maximum = { vcpus = 64, memory_gb = 64 }
  }
  expect_failures = [var.maximum]
}

run "refuses_to_idle_for_a_day" {
  command = plan
  variables {
    idle_minutes = 1440
  }
  expect_failures = [var.idle_minutes]
}

run "refuses_subnets_without_groups" {
  command = plan
  variables {
    network = { subnet_ids = ["subnet-1"] }
  }
  expect_failures = [var.network]
}
