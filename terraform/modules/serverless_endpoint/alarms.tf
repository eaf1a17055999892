locals {
  # Alarms that roll back a release. Cold starts count, since the first request after a release always has one.
  guards = [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency]
  alarms = concat(local.guards, [aws_cloudwatch_metric_alarm.cold_starts], aws_cloudwatch_metric_alarm.provisioned)

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

# Container time only: cold starts are in ModelSetupTime.
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

resource "aws_cloudwatch_metric_alarm" "cold_starts" {
  alarm_name          = "${local.endpoint_name}-cold-starts"
  alarm_description   = "A cold start took longer than ${var.thresholds.cold_start_ms} ms: clients get a retryable error and may give up."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.cold_start_ms * 1000 # SageMaker reports ModelSetupTime in microseconds
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/SageMaker"
  metric_name         = "ModelSetupTime"
  statistic           = "Maximum"
  period              = 300
  dimensions          = local.variant_dimensions
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

# At the limit, further requests have cold starts although some capacity is paid for by the hour.
resource "aws_cloudwatch_metric_alarm" "provisioned" {
  count = var.blueprint.serverless.provisioned_concurrency == null ? 0 : 1

  alarm_name          = "${local.endpoint_name}-provisioned-concurrency"
  alarm_description   = "All of the ${coalesce(var.blueprint.serverless.provisioned_concurrency, 0)} warm workers were busy: further requests wait for cold starts."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/SageMaker"
  metric_name         = "ServerlessProvisionedConcurrencyUtilization"
  statistic           = "Maximum"
  period              = 60
  dimensions          = local.variant_dimensions
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
