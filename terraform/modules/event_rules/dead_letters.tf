data "aws_partition" "current" {}

locals {
  queue_name  = "${var.context.name_prefix}-dead-letters"
  queue_arn   = "${local.arn_prefix}:sqs:${local.in_account}:${local.queue_name}"
  rule_prefix = "${local.arn_prefix}:events:${local.in_account}:rule/"
}

# The provider waits 25 s for a queue. Its policy is set here, because a separate resource would wait another 25 s.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.queue_name
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = var.delivery.dead_letter_days * 86400

  # Rules fill this queue. No other queue may name it as its own end.
  redrive_allow_policy = jsonencode({ redrivePermission = "denyAll" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "StoreUndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.context.account_id }
          ArnLike = {
            # Rules on a custom bus are named rule/<bus>/<rule>; both forms start the same here.
            "aws:SourceArn" = "${local.rule_prefix}${var.context.name_prefix}-*"
          }
        }
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name        = "${local.queue_name}-waiting"
  alarm_description = "Events could not be delivered and are in ${local.queue_name}: see \"Undelivered events\" in the README of the module event_rules"

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
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
