mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "both_outcomes_have_an_encrypted_topic_that_refuses_what_comes_without_tls" {
  assert {
    condition     = tomap({ for outcome, topic in aws_sns_topic.outcome : outcome => topic.name }) == tomap({ success = "mlops-dev-chat-async-completed", error = "mlops-dev-chat-async-failed" })
    error_message = "There must be one topic for results and one for failures."
  }

  assert {
    condition     = alltrue([for topic in aws_sns_topic.outcome : topic.kms_master_key_id == var.kms_key_arns.messages])
    error_message = "Topics must be encrypted with the platform's key."
  }

  assert {
    condition     = length(aws_sns_topic_policy.outcome) == 2 && alltrue([for outcome, each in aws_sns_topic_policy.outcome : jsondecode(each.policy).Statement == [{ Sid = "DenyWithoutTls", Effect = "Deny", Principal = "*", Action = "sns:Publish", Resource = local.topic_arns[outcome], Condition = { Bool = { "aws:SecureTransport" = "false" } } }]])
    error_message = "The topic policy must deny publishing without TLS and allow nothing."
  }

  assert {
    condition     = output.topic_arns == { success = "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-completed", error = "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-failed" }
    error_message = "The topics must be known before they are there."
  }
}

run "all_subscribers_are_notified" {
  assert {
    condition     = tomap({ for name, each in aws_sns_topic_subscription.email : name => "${each.protocol} ${each.endpoint}" }) == tomap({ "error team@example.com" = "email team@example.com", "success team@example.com" = "email team@example.com" })
    error_message = "Each address must be subscribed to both topics."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.function) == 2 && alltrue([for each in aws_sns_topic_subscription.function : each.protocol == "lambda" && each.endpoint == var.function.arn && jsondecode(each.redrive_policy).deadLetterTargetArn == "arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-undelivered"])
    error_message = "Both topics must invoke the function and queue undelivered messages."
  }

  assert {
    condition     = alltrue([for outcome, each in aws_lambda_permission.topics : each.source_arn == local.topic_arns[outcome] && each.source_account == "123456789012" && each.principal == "sns.amazonaws.com" && each.function_name == var.function.name])
    error_message = "Only these topics may call the function."
  }
}

run "undelivered_events_are_kept_encrypted_and_reported" {
  assert {
    condition     = aws_sqs_queue.undelivered[0].kms_master_key_id == var.kms_key_arns.messages && aws_sqs_queue.undelivered[0].message_retention_seconds == 1209600 && jsondecode(aws_sqs_queue.undelivered[0].redrive_allow_policy).redrivePermission == "denyAll"
    error_message = "The dead-letter queue must be encrypted, retain messages for 14 days and admit the two topics only."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.undelivered[0].policy).Statement[0] == { Sid = "StoreUndeliveredMessages", Effect = "Allow", Principal = { Service = "sns.amazonaws.com" }, Action = "sqs:SendMessage", Resource = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-undelivered", Condition = { ArnEquals = { "aws:SourceArn" = ["arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-failed", "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-completed"] } } }
    error_message = "Only the two topics may send there."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.undelivered[0].policy).Statement[1] == { Sid = "DenyWithoutTls", Effect = "Deny", Principal = "*", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-chat-async-undelivered", Condition = { Bool = { "aws:SecureTransport" = "false" } } }
    error_message = "Sending without TLS must be refused."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.undelivered[0].alarm_actions == toset([var.topic_arn]) && aws_cloudwatch_metric_alarm.undelivered[0].threshold == 0 && aws_cloudwatch_metric_alarm.undelivered[0].evaluation_periods == 1 && aws_cloudwatch_metric_alarm.undelivered[0].comparison_operator == "GreaterThanThreshold" && aws_cloudwatch_metric_alarm.undelivered[0].dimensions["QueueName"] == "mlops-dev-chat-async-undelivered"
    error_message = "The first one must raise an alarm."
  }
}

run "the_table_is_encrypted_can_be_brought_back_and_forgets" {
  assert {
    condition     = one(aws_dynamodb_table.results[0].server_side_encryption).enabled && one(aws_dynamodb_table.results[0].server_side_encryption).kms_key_arn == var.kms_key_arns.data
    error_message = "The table must be encrypted with the platform's key."
  }

  assert {
    condition     = one(aws_dynamodb_table.results[0].point_in_time_recovery).enabled && one(aws_dynamodb_table.results[0].ttl).enabled && one(aws_dynamodb_table.results[0].ttl).attribute_name == "expires_at"
    error_message = "It must be recoverable, and its items must end."
  }

  assert {
    condition     = aws_dynamodb_table.results[0].billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.results[0].hash_key == "request_id" && !aws_dynamodb_table.results[0].deletion_protection_enabled
    error_message = "The table must be billed per request and be deletable with its environment."
  }
}

run "a_protected_environment_keeps_its_table" {
  variables {
    context = {
      project     = "mlops"
      environment = "prod"
      region      = "us-east-1"
      account_id  = "123456789012"
      name_prefix = "mlops-prod"
      protected   = true
    }
  }

  assert {
    condition     = aws_dynamodb_table.results[0].deletion_protection_enabled
    error_message = "DynamoDB must refuse to delete it."
  }
}

run "the_function_reads_its_secret_writes_its_table_and_no_more" {
  assert {
    condition     = { for each in data.aws_iam_policy_document.callback.statement : each.sid => "${join(" ", each.actions)} on ${join(" ", each.resources)}" } == { ReadWebhookSecret = "ssm:GetParameter on arn:aws:ssm:us-east-1:123456789012:parameter/mlops/dev/callbacks/chat-async", DecryptWebhookSecret = "kms:Decrypt on ${var.kms_key_arns.data}", WriteTable = "dynamodb:PutItem on arn:aws:dynamodb:us-east-1:123456789012:table/mlops-dev-chat-async-results", DecryptTable = "kms:Decrypt on ${var.kms_key_arns.data}", EncryptUndelivered = "kms:Decrypt kms:GenerateDataKey on ${var.kms_key_arns.messages}" }
    error_message = "The policy document must cover the callback's own resources only."
  }

  assert {
    condition     = { for each in data.aws_iam_policy_document.callback.statement : each.sid => { for one in each.condition : one.variable => "${one.test} ${join(",", one.values)}" } if length(each.condition) > 0 } == { DecryptWebhookSecret = { "kms:ViaService" = "StringEquals ssm.us-east-1.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN" = "StringEquals arn:aws:ssm:us-east-1:123456789012:parameter/mlops/dev/callbacks/chat-async" }, DecryptTable = { "kms:ViaService" = "StringEquals dynamodb.us-east-1.amazonaws.com", "kms:EncryptionContext:aws:dynamodb:tableName" = "StringEquals mlops-dev-chat-async-results" }, EncryptUndelivered = { "kms:ViaService" = "StringEquals sqs.us-east-1.amazonaws.com" } }
    error_message = "KMS statements must be limited to this parameter and this queue."
  }

  assert {
    condition     = output.secret_parameter == "/mlops/dev/callbacks/chat-async" && output.table_name == "mlops-dev-chat-async-results"
    error_message = "The function must have the names of table and secret as environment variables."
  }
}

run "without_a_callback_there_are_two_topics_and_nothing_else" {
  variables {
    callback = {}
    function = null
  }

  assert {
    condition     = length(aws_sns_topic.outcome) == 2 && length(aws_sqs_queue.undelivered) + length(aws_dynamodb_table.results) + length(aws_sns_topic_subscription.function) + length(aws_sns_topic_subscription.email) + length(aws_lambda_permission.topics) == 0
    error_message = "Without a callback there must be no subscription, queue or table."
  }

  assert {
    condition     = output.secret_parameter == "" && output.table_name == "" && output.dead_letter_arn == null && length(output.alarm_names) == 0
    error_message = "Outputs of missing resources must be empty or null."
  }
}
