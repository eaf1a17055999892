output "name" {
  description = "Name of the blueprint."
  value       = var.blueprint.name
}

output "inference_profile_arn" {
  description = "Application inference profile, or provisioned throughput; callers invoke it in place of the model."
  value       = local.target_arn
}

output "model_id" {
  description = "Foundation model or system inference profile behind the application inference profile."
  value       = var.model_id
}

output "route_parameter_name" {
  description = "SSM parameter that holds the route record."
  value       = aws_ssm_parameter.route.name
}

output "alarm_names" {
  description = "Alarms that watch the profile."
  value       = [for alarm in local.alarms : alarm.alarm_name]
}
