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
  foundation = {
    kms    = { logs_key_arn = "arn:aws:kms:us-east-1:123456789012:key/3" }
    iam    = { boundary_arn = "arn:aws:iam::123456789012:policy/mlops-test-boundary" }
    events = { bus_name = "mlops-test-platform", topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications" }
  }
}

run "the_rules_report_to_the_topic_of_the_foundation" {
  assert {
    condition     = length(output.notifications.event_rules.rule_arns) == 9
    error_message = "There must be nine event rules; got ${jsonencode(output.notifications)}."
  }
}

run "settings_of_the_environment_reach_the_rules" {
  variables {
    events = { completions = "failures", redeploy_state_machine = "release", archive_days = 7, dead_letter_days = 3 }
  }
  assert {
    condition     = local.redeploy == { state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-release", boundary_arn = var.foundation.iam.boundary_arn }
    error_message = "redeploy must start the release state machine under the boundary; got ${jsonencode(local.redeploy)}."
  }
  assert {
    condition     = length(output.notifications.event_rules.archive_names) == 2
    error_message = "archive_days must archive both buses; got ${jsonencode(output.notifications)}."
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
