# The submitter writes these metrics when the last job of a request has ended, or when it refuses an input.
locals {
  alarms = {
    jobs = {
      metric      = "JobsFailed"
      threshold   = 0
      description = "A batch job of ${var.blueprint.name} did not complete: the errors table names the records, and the same request with `retry` completes them."
    }
    refusals = {
      metric      = "RequestsRefused"
      threshold   = 0
      description = "An input of ${var.blueprint.name} was refused: the reason is in its errors object and in the notification."
    }
    records = {
      metric      = "RecordsWithoutOutputShare"
      threshold   = var.thresholds.error_rate_percent
      description = "More than ${var.thresholds.error_rate_percent} % of the records of a request to ${var.blueprint.name} have no output."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.full_name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  namespace           = "${var.context.name_prefix}/batch"
  metric_name         = each.value.metric
  statistic           = "Maximum"
  period              = 300
  dimensions          = { Blueprint = var.blueprint.name }
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
