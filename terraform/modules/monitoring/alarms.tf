locals {
  alarms = [
    aws_cloudwatch_metric_alarm.pipeline_failed,
    aws_cloudwatch_metric_alarm.api_errors,
    aws_cloudwatch_metric_alarm.api_latency,
    aws_cloudwatch_metric_alarm.router_errors,
    aws_cloudwatch_metric_alarm.router_error_lines,
  ]

  has_generative_models = anytrue([for blueprint in var.blueprints : blueprint.source == "bedrock"])

  # Generated answers take seconds and share the API with the quick ones: with them, this alarm only shows that latency
  # approaches the gateway's limit of 29 s. Every blueprint has its own latency alarm.
  api_latency_ms = local.has_generative_models ? max(var.thresholds.latency_ms, 20000) : var.thresholds.latency_ms

  api_dimensions      = { ApiName = var.api.name, Stage = var.api.stage_name }
  router_dimensions   = { FunctionName = var.router.function_name }
  pipeline_dimensions = { StateMachineArn = var.pipeline.state_machine_arn }
}

resource "aws_cloudwatch_metric_alarm" "pipeline_failed" {
  alarm_name          = "${var.context.name_prefix}-pipeline-failed"
  alarm_description   = "A run of the training pipeline failed or timed out; its execution history names the state and the reason."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]

  metric_query {
    id          = "unsuccessful"
    label       = "unsuccessful runs"
    expression  = "FILL(failed, 0) + FILL(timed_out, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = "ExecutionsFailed", timed_out = "ExecutionsTimedOut" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 300
        dimensions  = local.pipeline_dimensions
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "api_errors" {
  alarm_name          = "${var.context.name_prefix}-api-errors"
  alarm_description   = "More than ${var.thresholds.error_rate_percent} % of the API's answers were server errors (HTTP 5xx)."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_rate_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  metric_query {
    id          = "rate"
    label       = "server errors in percent"
    expression  = "100 * errors / requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "5XXError", requests = "Count" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 60
        dimensions  = local.api_dimensions
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "api_latency" {
  alarm_name          = "${var.context.name_prefix}-api-latency"
  alarm_description   = "One in a hundred answers of the API took longer than ${local.api_latency_ms} ms."
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.api_latency_ms
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  extended_statistic  = "p99"
  period              = 60
  dimensions          = local.api_dimensions
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "router_errors" {
  alarm_name          = "${var.context.name_prefix}-router-errors"
  alarm_description   = "More than ${var.thresholds.error_rate_percent} % of the model router's invocations failed or were throttled."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.error_rate_percent
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  metric_query {
    id    = "rate"
    label = "failed invocations in percent"
    # Lambda does not count throttled requests as invocations.
    expression  = "100 * (FILL(errors, 0) + FILL(throttles, 0)) / (FILL(invocations, 0) + FILL(throttles, 0))"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Errors", throttles = "Throttles", invocations = "Invocations" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 60
        dimensions  = local.router_dimensions
      }
    }
  }
}

# A router that answers 5xx did not fail as a function: its log is where those errors show.
resource "aws_cloudwatch_metric_alarm" "router_error_lines" {
  alarm_name          = "${var.context.name_prefix}-router-error-lines"
  alarm_description   = "The model router logged errors in three minutes running; the saved query ${local.error_query_name} lists them."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = local.metric_namespace
  metric_name         = local.error_metric_name
  statistic           = "Sum"
  period              = 60
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
