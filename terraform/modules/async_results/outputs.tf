output "topic_arns" {
  description = "Topics by outcome: success and error."

  # Written out, so that policy checks of a plan can see that an endpoint has its topics.
  value = local.topic_arns

  # Topics and policies must exist before the first request ends.
  depends_on = [aws_sns_topic_policy.outcome]
}

output "dead_letter_arn" {
  description = "Queue of callbacks that could not be delivered; null without a callback function."
  value       = one(aws_sqs_queue.undelivered[*].arn)
}

output "callback_policy_document" {
  description = "Policy document (JSON) of the callback function."
  value       = data.aws_iam_policy_document.callback.json
}

output "secret_parameter" {
  description = "SSM parameter (SecureString) that must hold the key of the webhook's signatures; empty without a webhook."
  value       = var.callback.webhook ? local.secret_parameter : ""
}

output "table_name" {
  description = "Table of the results; empty without one."
  value       = var.callback.table == null ? "" : local.table_name
}

output "alarm_names" {
  description = "Alarms that watch the callback."
  value       = aws_cloudwatch_metric_alarm.undelivered[*].alarm_name
}
