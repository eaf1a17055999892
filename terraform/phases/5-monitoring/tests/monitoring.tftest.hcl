mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project     = "mlops"
    environment = "test"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
    tags = {
      project     = "mlops"
      environment = "test"
      owner       = "ml-platform"
      cost-center = "ml-platform"
      managed-by  = "terraform"
      phase       = "monitoring"
    }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../1-foundation/example.outputs.json")).foundation
  models     = jsondecode(file("../3-models/example.outputs.json")).models
  inference  = jsondecode(file("../4-inference/example.outputs.json")).inference
  blueprints = {
    reviews = { kind = "realtime", source = "sagemaker", endpoint_name = "mlops-test-reviews" }
    chat    = { kind = "realtime", source = "bedrock", endpoint_name = null }
  }
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.monitoring : module => try(keys(values), [])
      } == {
      for module, values in jsondecode(file("example.outputs.json")).monitoring : module => try(keys(values), [])
    }
    error_message = "output and example.outputs.json differ: ${jsonencode({ for module, values in output.monitoring : module => try(keys(values), []) })}"
  }

  assert {
    condition     = output.monitoring.monitoring.dashboard_name == "mlops-test-inference"
    error_message = "The dashboard must carry the prefix."
  }
}

run "refuses_an_account_that_is_not_an_account" {
  command = plan

  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "us-east-1"
      account_id  = "1"
      name_prefix = "mlops-test"
      tags = {
        project     = "mlops"
        environment = "test"
        owner       = "ml-platform"
        cost-center = "ml-platform"
        managed-by  = "terraform"
        phase       = "monitoring"
      }
      log_retention_days = 30
    }
  }

  expect_failures = [var.context]
}

run "refuses_tags_that_are_incomplete" {
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
