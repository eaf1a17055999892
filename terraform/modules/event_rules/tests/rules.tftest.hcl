mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "every_rule_reports_to_the_topic_and_keeps_what_it_cannot_deliver" {
  assert {
    condition = toset(keys(output.rule_arns)) == toset([
      "model-approved", "data-drift", "monitor-violations", "training-completion", "transform-completion",
      "processing-completion", "etl-completion", "bedrock-batch-completion", "pipeline-completion",
    ])
    error_message = "There must be a rule for each of the nine events; got ${jsonencode(keys(output.rule_arns))}."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_event_target.notify)) == toset(keys(output.rule_arns))
    error_message = "a rule has no target"
  }
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.notify : target.arn == var.topic_arn && target.dead_letter_config[0].arn == output.dead_letter_arn])
    error_message = "a target misses the topic or the dead-letter queue"
  }
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.notify : target.retry_policy[0].maximum_event_age_in_seconds == 3600 && target.retry_policy[0].maximum_retry_attempts == 10])
    error_message = "Every target must have the given retry policy."
  }
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.notify : jsondecode(replace(target.input_transformer[0].input_template, "<detail>", "{}")).environment == "mlops-test"])
    error_message = "a template is not JSON"
  }
  assert {
    condition     = length(aws_cloudwatch_event_target.redeploy) == 0 && length(aws_cloudwatch_event_archive.this) == 0
    error_message = "Without redeploy and archive_days there must be neither."
  }
}

run "rules_listen_to_this_environment_only" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["model-approved"].event_pattern).detail == { ModelPackageGroupName = [{ prefix = "mlops-test-" }], ModelApprovalStatus = ["Approved"] }
    error_message = "The rule model-approved must match approvals in groups of this environment only; got ${aws_cloudwatch_event_rule.this["model-approved"].event_pattern}."
  }
  assert {
    condition     = alltrue([for name, rule in aws_cloudwatch_event_rule.this : strcontains(rule.event_pattern, "mlops-test-") if rule.event_bus_name == "default"])
    error_message = "Rules must match events of this environment only."
  }
  assert {
    condition     = [for name, rule in aws_cloudwatch_event_rule.this : name if rule.event_bus_name == "mlops-test-platform"] == ["data-drift"]
    error_message = "AWS's events come on the default bus, our own on the platform's"
  }
}

run "all_completions_are_reported" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["transform-completion"].event_pattern).detail == { TransformJobName = [{ prefix = "mlops-test-" }], TransformJobStatus = ["Completed", "Failed", "Stopped"] }
    error_message = "The rule transform-completion must match completed, failed and stopped jobs of this environment; got ${aws_cloudwatch_event_rule.this["transform-completion"].event_pattern}."
  }
  assert {
    condition     = contains(jsondecode(aws_cloudwatch_event_rule.this["bedrock-batch-completion"].event_pattern).detail.status, "Completed")
    error_message = "The rule bedrock-batch-completion must match completed jobs; got ${aws_cloudwatch_event_rule.this["bedrock-batch-completion"].event_pattern}."
  }
}

run "only_failures_are_reported_if_configured" {
  command = plan
  variables {
    completions = "failures"
  }
  assert {
    condition     = alltrue([for name, rule in aws_cloudwatch_event_rule.this : !strcontains(upper(rule.event_pattern), "SUCCEEDED") && !strcontains(rule.event_pattern, "\"Completed\"") if endswith(name, "-completion")])
    error_message = "With completions = failures no rule must match a success."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["etl-completion"].event_pattern).detail.state == ["FAILED", "TIMEOUT", "STOPPED"]
    error_message = "With completions = \"failures\" the rule etl-completion must match failures only; got ${aws_cloudwatch_event_rule.this["etl-completion"].event_pattern}."
  }
}

run "an_approved_model_starts_the_release" {
  variables {
    redeploy = {
      state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-release"
      boundary_arn      = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
    }
  }
  assert {
    condition     = aws_cloudwatch_event_target.redeploy[0].arn == var.redeploy.state_machine_arn && aws_cloudwatch_event_target.redeploy[0].rule == "mlops-test-model-approved"
    error_message = "the rule does not start the state machine"
  }
  assert {
    condition     = aws_cloudwatch_event_target.redeploy[0].dead_letter_config[0].arn == output.dead_letter_arn
    error_message = "a release that could not be started is lost"
  }
  assert {
    condition     = aws_iam_role.redeploy[0].permissions_boundary == var.redeploy.boundary_arn
    error_message = "the role has no boundary"
  }
  assert {
    condition = jsondecode(aws_iam_role.redeploy[0].assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnEquals    = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/mlops-test-model-approved" }
    }
    error_message = "EventBridge could assume the role for another rule"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.redeploy[0].policy).Statement == [{ Action = ["states:StartExecution"], Effect = "Allow", Resource = [var.redeploy.state_machine_arn] }]
    error_message = "the role may do more than start this state machine"
  }
}

run "events_are_archived_for_replay" {
  variables {
    archive_days = 30
  }
  assert {
    condition     = output.archive_names == { platform = "mlops-test-platform", services = "mlops-test-services" }
    error_message = "Both buses must have an archive; got ${jsonencode(output.archive_names)}."
  }
  assert {
    condition     = alltrue([for archive in aws_cloudwatch_event_archive.this : archive.retention_days == 30])
    error_message = "Every archive must retain events for archive_days."
  }
  assert {
    condition     = aws_cloudwatch_event_archive.this["services"].event_source_arn == "arn:aws:events:us-east-1:123456789012:event-bus/default" && aws_cloudwatch_event_archive.this["services"].event_pattern != null
    error_message = "the default bus would be archived for the whole account"
  }
  assert {
    condition     = toset(keys(jsondecode(aws_cloudwatch_event_archive.this["services"].event_pattern))) != toset([])
    error_message = "an empty pattern archives everything"
  }
}

run "the_queue_is_encrypted_and_closed" {
  variables {
    delivery = { dead_letter_days = 7 }
  }
  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/3"
    error_message = "the queue is not encrypted with the given key"
  }
  assert {
    condition     = aws_sqs_queue.dead_letters.message_retention_seconds == 604800
    error_message = "The dead-letter queue must retain messages for dead_letter_days."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.dead_letters.redrive_allow_policy).redrivePermission == "denyAll"
    error_message = "another queue could end in this one"
  }
  assert {
    condition = jsondecode(aws_sqs_queue.dead_letters.policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:events:us-east-1:123456789012:rule/mlops-test-*" }
    }
    error_message = "rules of others could fill the queue"
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.dead_letters.policy).Statement[1].Effect == "Deny" && jsondecode(aws_sqs_queue.dead_letters.policy).Statement[1].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "messages could arrive without TLS"
  }
}

run "a_dead_letter_raises_an_alarm" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters.dimensions == tomap({ QueueName = "mlops-test-dead-letters" }) && aws_cloudwatch_metric_alarm.dead_letters.threshold == 0
    error_message = "The alarm must watch the dead-letter queue."
  }
  assert {
    condition     = toset(aws_cloudwatch_metric_alarm.dead_letters.alarm_actions) == toset([var.topic_arn])
    error_message = "The alarm on dead letters must notify the topic ${var.topic_arn}; got ${jsonencode(aws_cloudwatch_metric_alarm.dead_letters.alarm_actions)}."
  }
}
