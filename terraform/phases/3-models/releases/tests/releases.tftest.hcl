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
    tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "models" }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../../1-foundation/example.outputs.json")).foundation
  models     = jsondecode(file("../example.outputs.json")).models
  blueprints = {
    reviews = { kind = "realtime", source = "sagemaker", endpoint_name = "mlops-test-reviews" }
    chat    = { kind = "realtime", source = "bedrock" }
    slow    = { kind = "async", source = "sagemaker", endpoint_name = "mlops-test-slow" }
    nightly = { kind = "batch", source = "sagemaker", endpoint_name = "mlops-test-nightly" }
  }
}

run "real_time_endpoints_are_released_and_their_roles_alone_passed_on" {
  command = plan

  assert {
    # The training pipeline and the event rules refer to the state machine by this name.
    condition     = module.release.state_machine_name == "mlops-test-release"
    error_message = "The state machine must be called mlops-test-release; got ${module.release.state_machine_name}."
  }
  assert {
    condition     = length(output.releases.release.alarm_names) == 3
    error_message = "Each bad end has an alarm."
  }
}

run "looks_and_keys_are_the_environments" {
  command = plan
  variables {
    training = { poll_seconds = 1 }
    registry = { encrypt_versions = true }
  }

  assert {
    condition     = module.release.state_machine_name == "mlops-test-release"
    error_message = "The sections fit the module."
  }
}

run "refuses_an_account_id_that_is_none" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "12345"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "models" }
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
      tags               = {}
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}
