locals {
  alarms = concat([aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency], values(aws_cloudwatch_metric_alarm.variant_errors))

  variant_dimensions = {
    EndpointName = local.endpoint_name
    VariantName  = local.variant_name
  }
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
        period      = 60
        dimensions  = local.variant_dimensions
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.endpoint_name}-latency"
  alarm_description   = "One in a hundred answers of the model took longer than ${var.thresholds.latency_ms} ms."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.latency_ms * 1000 # SageMaker reports ModelLatency in microseconds
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/SageMaker"
  metric_name         = "ModelLatency"
  extended_statistic  = "p99"
  period              = 60
  dimensions          = local.variant_dimensions
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
