output "dashboard_name" {
  description = "The one dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "alarm_names" {
  description = "Alarms that watch the shared parts; each blueprint has its own besides."
  value       = [for alarm in local.alarms : alarm.alarm_name]
}
