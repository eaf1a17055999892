locals {
  alarms = [aws_cloudwatch_metric_alarm.age, aws_cloudwatch_metric_alarm.depth, aws_cloudwatch_metric_alarm.dead, aws_cloudwatch_metric_alarm.failures]
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "${local.queue_name}-age"
  alarm_description   = "Requests of ${var.blueprint_name} wait longer than ${var.thresholds.wait_seconds} s: Bedrock throttles, or max_concurrency is too low."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.requests.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.wait_seconds
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "depth" {
  alarm_name          = "${local.queue_name}-depth"
  alarm_description   = "More than ${var.thresholds.queue_depth} requests of ${var.blueprint_name} wait."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.requests.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.queue_depth
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

# The worker empties this queue; messages that stay could not even be recorded as failures.
resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name          = "${local.dead_name}-waiting"
  alarm_description   = "Requests of ${var.blueprint_name} have neither a result nor a failure and are in ${local.dead_name}."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

# The worker counts in its log, in the embedded metric format.
resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name          = "${local.queue_name}-failures"
  alarm_description   = "More than ${var.thresholds.error_rate_percent} % of the requests of ${var.blueprint_name} ended without a result."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_rate_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  metric_query {
    id          = "rate"
    label       = "failed requests in percent"
    expression  = "100 * failed / (failed + completed)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = "AsyncFailed", completed = "AsyncCompleted" }

    content {
      id = metric_query.key

      metric {
        namespace   = "${var.context.project}-${var.context.environment}/inference"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 300
        dimensions  = { blueprint = var.blueprint_name }
      }
    }
  }
}
