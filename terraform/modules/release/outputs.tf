output "state_machine_arn" {
  description = "The release machine. Its input is {blueprint, model_version?}, or {model_package_group_name, model_package_arn?} for all endpoints of a group."
  value       = aws_sfn_state_machine.this.arn
}

output "state_machine_name" {
  description = "Its name."
  value       = aws_sfn_state_machine.this.name
}

output "alarm_names" {
  description = "Alarms on releases that did not succeed."
  value       = [for alarm in aws_cloudwatch_metric_alarm.unsuccessful : alarm.alarm_name]
}
