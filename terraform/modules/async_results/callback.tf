# The callback function, which both topics invoke: it calls the webhook and writes the table. Undelivered messages go to
# a queue.
resource "aws_sns_topic_subscription" "function" {
  for_each = local.has_function ? aws_sns_topic.outcome : {}

  topic_arn = local.topic_arns[each.key]
  protocol  = "lambda"
  endpoint  = var.function.arn

  redrive_policy = jsonencode({ deadLetterTargetArn = local.undelivered_arn })

  depends_on = [aws_lambda_permission.topics]
}

resource "aws_lambda_permission" "topics" {
  for_each = local.has_function ? aws_sns_topic.outcome : {}

  statement_id   = "topic-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = var.function.name
  principal      = "sns.amazonaws.com"
  source_arn     = local.topic_arns[each.key]
  source_account = var.context.account_id
}

locals {
  # Whether there is a function, known without asking for it: it needs the queue first.
  has_function = var.callback.webhook || var.callback.table != null

  undelivered_name = "${local.name}-undelivered"
  undelivered_arn  = "${local.arn}:sqs:${local.region_and_account}:${local.undelivered_name}"
}

# The provider waits 25 s for a queue. Its policy is set here, because a separate resource would wait another 25 s.
resource "aws_sqs_queue" "undelivered" {
  count = local.has_function ? 1 : 0

  name                      = local.undelivered_name
  kms_master_key_id         = var.kms_key_arns.messages
  message_retention_seconds = 1209600 # 14 days, the most that SQS keeps

  # The function and the topics fill this queue. No other queue may name it as its own end.
  redrive_allow_policy = jsonencode({ redrivePermission = "denyAll" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "StoreUndeliveredMessages"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.undelivered_arn
        Condition = { ArnEquals = { "aws:SourceArn" = values(local.topic_arns) } }
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = local.undelivered_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  count = local.has_function ? 1 : 0

  alarm_name          = "${local.undelivered_name}-waiting"
  alarm_description   = "Callbacks of ${var.blueprint_name} could not be delivered and are in ${local.undelivered_name}."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.undelivered_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  # SQS sends no metrics for a queue that was idle for six hours.
  treat_missing_data = "notBreaching"

  alarm_actions = [var.topic_arn]
  ok_actions    = [var.topic_arn]
}

# Permissions of the function: read its secret, write its table, queue what it could not deliver. The secret is a
# parameter written by people: Terraform has its name but never its value.
data "aws_iam_policy_document" "callback" {
  dynamic "statement" {
    for_each = var.callback.webhook ? [local.secret_parameter] : []

    content {
      sid       = "ReadWebhookSecret"
      actions   = ["ssm:GetParameter"]
      resources = ["${local.arn}:ssm:${local.region_and_account}:parameter${statement.value}"]
    }
  }

  dynamic "statement" {
    for_each = var.callback.webhook ? [var.kms_key_arns.data] : []

    content {
      sid       = "DecryptWebhookSecret"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ssm.${var.context.region}.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:PARAMETER_ARN"
        values   = ["${local.arn}:ssm:${local.region_and_account}:parameter${local.secret_parameter}"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.callback.table == null ? [] : ["${local.arn}:dynamodb:${local.region_and_account}:table/${local.table_name}"]

    content {
      sid       = "WriteTable"
      actions   = ["dynamodb:PutItem"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    # DynamoDB uses the table's key with the caller's permissions.
    for_each = var.callback.table == null ? [] : [var.kms_key_arns.data]

    content {
      sid       = "DecryptTable"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${var.context.region}.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:aws:dynamodb:tableName"
        values   = [local.table_name]
      }
    }
  }

  statement {
    sid       = "EncryptUndelivered"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arns.messages]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.context.region}.amazonaws.com"]
    }
  }
}

locals {
  secret_parameter = "/${var.context.project}/${var.context.environment}/callbacks/${var.blueprint_name}"
}
