mock_provider "aws" {
  source = "../../../../tests/terraform/mocks"
}

variables {
  context = {
    project            = "mlops"
    environment        = "test"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-test"
    tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "foundation" }
    log_retention_days = 30
  }
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.buckets : module => { for bucket, facts in values : bucket => keys(facts) }
      } == {
      for module, values in jsondecode(file("example.outputs.json")).buckets : module => { for bucket, facts in values : bucket => keys(facts) }
    }
    error_message = "output and example.outputs.json differ: ${jsonencode(output.buckets)}"
  }
}

run "refuses_an_account_of_the_wrong_form" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "12"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "foundation" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}

run "refuses_missing_tags" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "123456789012"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}
