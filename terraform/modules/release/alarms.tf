locals {
  unsuccessful = {
    failed    = { metric = "ExecutionsFailed", words = "failed; the endpoint went back to what it ran before, or never left it" }
    timed-out = { metric = "ExecutionsTimedOut", words = "took too long" }
    aborted   = { metric = "ExecutionsAborted", words = "was stopped half way" }
  }
}

resource "aws_cloudwatch_metric_alarm" "unsuccessful" {
  for_each = local.unsuccessful

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "A release ${each.value.words}: see its execution of ${local.name} for the cause."
  namespace           = "AWS/States"
  metric_name         = each.value.metric
  dimensions          = { StateMachineArn = local.machine_arn }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
}
