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
    events = { bus_name = "mlops-test-platform", topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications" }
  }
}

run "the_rules_report_to_the_topic_of_the_foundation" {
  assert {
    condition     = length(output.notifications.event_rules.rule_arns) == 5
    error_message = "rules: ${jsonencode(output.notifications)}"
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
