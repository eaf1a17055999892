output "name" {
  description = "Name of the blueprint."
  value       = var.blueprint.name
}

output "endpoint_name" {
  description = "Name of the SageMaker endpoint."
  value       = aws_sagemaker_endpoint.this.name
}

output "endpoint_config_name" {
  description = "Configuration that the endpoint was launched with."
  value       = aws_sagemaker_endpoint_configuration.launch.name
}

output "model_package_arn" {
  description = "Model package that the endpoint was launched with."
  value       = local.launch.model_package_arn
}

output "model_id" {
  description = "Name of the SageMaker model that the endpoint was launched with."
  value       = aws_sagemaker_model.launch.name
}

output "route_parameter_name" {
  description = "SSM parameter that holds the route record."
  value       = aws_ssm_parameter.route.name
}

output "release_parameter_name" {
  description = "SSM parameter with the release specification of the endpoint."
  value       = aws_ssm_parameter.release.name
}

output "alarm_names" {
  description = "Alarms that watch the endpoint, without the one that starts the first instance."
  value       = [for alarm in local.alarms : alarm.alarm_name]
}
