mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = {
      arn = "arn:aws:events:us-east-1:123456789012:rule/mock"
    }
  }
}

variables {
  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  bucket_name = "mlops-dev-data-123456789012-us-east-1"

  submitter = {
    name = "mlops-dev-batch-submitter"
    arn  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-batch-submitter"
  }
}

run "each_rule_matches_this_environment_only" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["batch-input"].event_pattern).detail == { bucket = { name = ["mlops-dev-data-123456789012-us-east-1"] }, object = { key = [{ prefix = "inference/batch/input/" }] } }
    error_message = "Arrivals must be those of this bucket, below the input prefix."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["batch-transform-ended"].event_pattern).detail == { TransformJobName = [{ prefix = "mlops-dev-" }], TransformJobStatus = ["Completed", "Failed", "Stopped"] }
    error_message = "Transform jobs must be this environment's, at their end."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["batch-invocation-ended"].event_pattern).detail == { batchJobName = [{ prefix = "mlops-dev-" }], status = ["Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"] }
    error_message = "Jobs of Bedrock must be this environment's, at their end."
  }

  assert {
    condition     = alltrue([for name, rule in aws_cloudwatch_event_rule.this : rule.name == "mlops-dev-${name}"])
    error_message = "The dead-letter queue admits rules of the prefix only."
  }
}

run "undelivered_events_are_kept_and_only_these_rules_may_call" {
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.submitter : target.arn == var.submitter.arn && target.dead_letter_config[0].arn == "arn:aws:sqs:us-east-1:123456789012:mlops-dev-dead-letters"])
    error_message = "Every rule must invoke the submitter and have a dead-letter queue."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.submitter : target.retry_policy[0].maximum_retry_attempts == 10 && target.retry_policy[0].maximum_event_age_in_seconds == 3600])
    error_message = "Deliveries must be tried again."
  }

  assert {
    condition     = alltrue([for key, permission in aws_lambda_permission.rules : permission.principal == "events.amazonaws.com" && permission.action == "lambda:InvokeFunction" && permission.source_arn == aws_cloudwatch_event_rule.this[key].arn && permission.source_account == "123456789012" && permission.function_name == "mlops-dev-batch-submitter"])
    error_message = "EventBridge must call in the name of these rules only."
  }
}
