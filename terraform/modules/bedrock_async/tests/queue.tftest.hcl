mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "requests_wait_encrypted_and_come_again_after_a_worker_was_killed" {
  assert {
    condition     = aws_sqs_queue.requests.name == "mlops-dev-chat-async-requests" && aws_sqs_queue.dead.name == "mlops-dev-chat-async-requests-dead"
    error_message = "Queues must be named after the blueprint."
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.requests, aws_sqs_queue.dead] : queue.kms_master_key_id == var.kms_key_arn])
    error_message = "Queues must be encrypted with the platform's key."
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.requests, aws_sqs_queue.dead] : queue.visibility_timeout_seconds == 110])
    error_message = "A message must stay hidden for as long as its worker may live."
  }

  assert {
    condition     = aws_sqs_queue.requests.message_retention_seconds == 345600 && aws_sqs_queue.dead.message_retention_seconds == 1209600
    error_message = "Requests must be retained longer than the worker's retries, dead letters for 14 days."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.requests.redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 10 }
    error_message = "A message whose worker is killed every time must reach the dead-letter queue after the worker's own attempts."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.dead.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-requests"] }
    error_message = "No other queue may end there."
  }

  assert {
    condition     = alltrue([for queue, arn in { requests = "mlops-dev-chat-async-requests", dead = "mlops-dev-chat-async-requests-dead" } : jsondecode({ requests = aws_sqs_queue.requests.policy, dead = aws_sqs_queue.dead.policy }[queue]).Statement == [{ Sid = "DenyWithoutTls", Effect = "Deny", Principal = "*", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:us-east-1:123456789012:${arn}", Condition = { Bool = { "aws:SecureTransport" = "false" } } }]])
    error_message = "Sending without TLS must be refused."
  }
}

run "the_worker_takes_one_request_at_a_time_and_no_more_at_once_than_asked" {
  assert {
    condition     = aws_lambda_event_source_mapping.requests.batch_size == 1 && one(aws_lambda_event_source_mapping.requests.scaling_config).maximum_concurrency == 10 && aws_lambda_event_source_mapping.requests.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "The event source must have the given concurrency and return failed messages only."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.dead.batch_size == 1 && one(aws_lambda_event_source_mapping.dead.scaling_config).maximum_concurrency == 2 && aws_lambda_event_source_mapping.dead.function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.dead.event_source_arn == aws_sqs_queue.dead.arn
    error_message = "Dead letters must reach the worker too."
  }
}

run "the_worker_may_read_its_queues_and_tell_its_topics" {
  assert {
    condition     = { for each in data.aws_iam_policy_document.worker.statement : each.sid => "${join(" ", sort(each.actions))} on ${join(" ", each.resources)}" } == { ReceiveRequests = "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-requests arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-requests-dead", PublishToTopics = "sns:Publish on ${var.topic_arns.success} ${var.topic_arns.error}", EncryptMessages = "kms:Decrypt kms:GenerateDataKey on ${var.kms_key_arn}", ReadOwnRoute = "ssm:GetParameter on arn:aws:ssm:us-east-1:123456789012:parameter/mlops/dev/routes/chat-async" }
    error_message = "The worker's policy must cover this blueprint's resources only."
  }

  assert {
    condition     = jsonencode([for each in data.aws_iam_policy_document.worker.statement : [one(each.condition).variable, one(each.condition).test, sort(one(each.condition).values)] if length(each.condition) > 0]) == jsonencode([["kms:ViaService", "StringEquals", ["sns.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"]]])
    error_message = "The worker must use the key through SQS and SNS only."
  }

  assert {
    condition     = aws_iam_role_policy.worker.role == var.worker.role_name
    error_message = "The policy must be attached to the worker's role."
  }
}

run "long_waits_and_failures_are_reported" {
  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.age, aws_cloudwatch_metric_alarm.depth, aws_cloudwatch_metric_alarm.dead, aws_cloudwatch_metric_alarm.failures] : alarm.alarm_actions == toset([var.topic_arn]) && alarm.comparison_operator == "GreaterThanThreshold" && alarm.evaluation_periods == 2])
    error_message = "Alarms must reach the topic soon, above their thresholds."
  }

  assert {
    condition     = [aws_cloudwatch_metric_alarm.age.threshold, aws_cloudwatch_metric_alarm.depth.threshold, aws_cloudwatch_metric_alarm.dead.threshold, aws_cloudwatch_metric_alarm.failures.threshold] == [900, 1000, 0, 5]
    error_message = "Alarms must have the given thresholds, and dead letters must raise one."
  }

  assert {
    condition     = [aws_cloudwatch_metric_alarm.age.dimensions["QueueName"], aws_cloudwatch_metric_alarm.depth.dimensions["QueueName"], aws_cloudwatch_metric_alarm.dead.dimensions["QueueName"]] == ["mlops-dev-chat-async-requests", "mlops-dev-chat-async-requests", "mlops-dev-chat-async-requests-dead"]
    error_message = "Each alarm must watch its queue."
  }

  assert {
    condition     = alltrue(flatten([for query in aws_cloudwatch_metric_alarm.failures.metric_query : [for metric in query.metric : metric.namespace == "mlops-dev/inference" && metric.dimensions["blueprint"] == "chat-async"]]))
    error_message = "Failures are counted where the worker writes them."
  }

  assert {
    condition     = output.alarm_names == ["mlops-dev-chat-async-requests-age", "mlops-dev-chat-async-requests-depth", "mlops-dev-chat-async-requests-dead-waiting", "mlops-dev-chat-async-requests-failures"]
    error_message = "All alarms must be published."
  }
}
