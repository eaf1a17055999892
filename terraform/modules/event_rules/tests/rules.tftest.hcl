mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context     = { name_prefix = "mlops-test", account_id = "123456789012", region = "us-east-1" }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/3"
  topic_arn   = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications"
  bus_name    = "mlops-test-platform"
}

run "every_rule_reports_to_the_topic_and_keeps_what_it_cannot_deliver" {
  assert {
    condition     = toset(keys(output.rule_arns)) == toset(["model-approved", "training-failed", "etl-failed", "pipeline-failed", "data-drift"])
    error_message = "rules: ${jsonencode(keys(output.rule_arns))}"
  }
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.notify : target.arn == var.topic_arn && target.dead_letter_config[0].arn == output.dead_letter_queue_arn])
    error_message = "a target misses the topic or the dead-letter queue"
  }
}

run "rules_listen_to_this_environment_only" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["model-approved"].event_pattern).detail == { ModelPackageGroupName = [{ prefix = "mlops-test-" }], ModelApprovalStatus = ["Approved"] }
    error_message = "pattern: ${aws_cloudwatch_event_rule.this["model-approved"].event_pattern}"
  }
  assert {
    condition     = alltrue([for name in ["training-failed", "etl-failed", "pipeline-failed"] : strcontains(aws_cloudwatch_event_rule.this[name].event_pattern, "mlops-test-")])
    error_message = "a rule would report other people's jobs"
  }
  assert {
    condition     = aws_cloudwatch_event_rule.this["data-drift"].event_bus_name == "mlops-test-platform" && aws_cloudwatch_event_rule.this["model-approved"].event_bus_name == "default"
    error_message = "AWS's events come on the default bus, our own on the platform's"
  }
}

run "the_queue_is_encrypted_and_closed" {
  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/3"
    error_message = "the queue is not encrypted with the given key"
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.dead_letters.policy).Statement[0].Condition.ArnLike["aws:SourceArn"] == "arn:aws:events:us-east-1:123456789012:rule/mlops-test-*"
    error_message = "rules of others could fill the queue"
  }
}

run "refuses_what_is_no_key" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/sns"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_what_is_no_topic" {
  command = plan
  variables {
    topic_arn = "notifications"
  }
  expect_failures = [var.topic_arn]
}
