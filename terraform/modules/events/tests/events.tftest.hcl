mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context     = { name_prefix = "mlops-test", account_id = "123456789012", region = "us-east-1" }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/3"
}

run "the_topic_is_encrypted_and_closed" {
  assert {
    condition     = aws_sns_topic.notifications.kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/3"
    error_message = "the topic is not encrypted with the given key"
  }
  assert {
    condition = jsondecode(aws_sns_topic_policy.notifications.policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:mlops-test-*" }
    }
    error_message = "alarms of others could publish"
  }
  assert {
    condition     = [for each in jsondecode(aws_sns_topic_policy.notifications.policy).Statement : each.Sid if each.Effect == "Allow" && !can(each.Condition)] == ["PublishFromRules"]
    error_message = "EventBridge must be admitted without a condition, every other principal with one."
  }
  assert {
    condition     = anytrue([for each in jsondecode(aws_sns_topic_policy.notifications.policy).Statement : each.Effect == "Deny" && try(each.Condition.Bool["aws:SecureTransport"], "") == "false"])
    error_message = "messages could arrive without TLS"
  }
  assert {
    condition     = aws_cloudwatch_event_bus.platform.kms_key_identifier == var.kms_key_arn
    error_message = "the bus is not encrypted with the given key"
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without alarm_email there must be no subscription."
  }
}

run "an_address_is_subscribed" {
  command = plan
  variables {
    alarm_email = "ml@example.com"
  }
  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ml@example.com"
    error_message = "alarm_email must be subscribed to the topic; got ${aws_sns_topic_subscription.email[0].endpoint}."
  }
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/sns"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_what_is_not_an_address" {
  command = plan
  variables {
    alarm_email = "no-address"
  }
  expect_failures = [var.alarm_email]
}
