locals {
  alarms = [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.age, aws_cloudwatch_metric_alarm.depth, aws_cloudwatch_metric_alarm.notifications]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.endpoint_name}-errors"
  alarm_description   = "More than ${var.thresholds.error_rate_percent} % of the endpoint's invocations failed in the container (HTTP 5xx)."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_rate_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  metric_query {
    id          = "rate"
    label       = "failed invocations in percent"
    expression  = "100 * errors / invocations"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Invocation5XXErrors", invocations = "Invocations" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/SageMaker"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 300
        dimensions  = { EndpointName = local.endpoint_name, VariantName = local.variant_name }
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "${local.endpoint_name}-age"
  alarm_description   = "Requests wait longer than ${var.thresholds.wait_seconds} s: no instance starts, or instances.max is too low."
  namespace           = "AWS/SageMaker"
  metric_name         = "ApproximateAgeOfOldestRequest"
  dimensions          = { EndpointName = local.endpoint_name }
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
  alarm_name          = "${local.endpoint_name}-depth"
  alarm_description   = "More than ${var.thresholds.queue_depth} requests wait."
  namespace           = "AWS/SageMaker"
  metric_name         = "ApproximateBacklogSize"
  dimensions          = { EndpointName = local.endpoint_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.queue_depth
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

# A result without a notification is still in S3, but only the status route reports it.
resource "aws_cloudwatch_metric_alarm" "notifications" {
  alarm_name          = "${local.endpoint_name}-notifications"
  alarm_description   = "SageMaker could not publish to the topics that requests ended: check the role's permission to publish and the key."
  namespace           = "AWS/SageMaker"
  metric_name         = "NotificationFailures"
  dimensions          = { EndpointName = local.endpoint_name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
