locals {
  alarms = [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency]

  # Bedrock files the calls of a profile under the profile's id.
  profile_dimensions = { ModelId = local.metric_id }

  failures = {
    server    = "InvocationServerErrors"
    throttled = "InvocationThrottles"
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.profile_name}-errors"
  alarm_description   = "More than ${var.thresholds.error_rate_percent} % of the calls of ${var.blueprint.name} failed in Bedrock or were throttled."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_rate_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  metric_query {
    id    = "rate"
    label = "failed calls in percent"
    # Bedrock counts successful calls only as Invocations.
    expression  = "100 * (FILL(server, 0) + FILL(throttled, 0)) / (FILL(server, 0) + FILL(throttled, 0) + FILL(succeeded, 0))"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = merge(local.failures, { succeeded = "Invocations" })

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/Bedrock"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 60
        dimensions  = local.profile_dimensions
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.profile_name}-latency"
  alarm_description   = "One in a hundred answers of ${var.blueprint.name} took longer than ${var.thresholds.latency_ms} ms."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.latency_ms # Bedrock reports milliseconds
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/Bedrock"
  metric_name         = "InvocationLatency"
  extended_statistic  = "p99"
  period              = 60
  dimensions          = local.profile_dimensions
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
