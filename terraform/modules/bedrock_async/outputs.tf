output "queue_url" {
  description = "Queue that requests are sent to."
  value       = aws_sqs_queue.requests.url
}

output "queue_name" {
  description = "Its name, which is also its metrics'."
  value       = aws_sqs_queue.requests.name
}

output "dead_letter_arn" {
  description = "Queue of requests that no worker came to an end with."
  value       = local.dead_arn
}

output "alarm_names" {
  description = "Alarms that watch queue and worker."
  value       = [for alarm in local.alarms : alarm.alarm_name]
}
