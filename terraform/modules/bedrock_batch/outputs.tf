output "name" {
  description = "Name of the blueprint."
  value       = var.blueprint.name
}

output "inference_profile_arn" {
  description = "Application inference profile that jobs run through."
  value       = aws_bedrock_inference_profile.this.arn
}

output "model_id" {
  description = "Foundation model or system inference profile behind the application inference profile."
  value       = var.model_id
}

output "route_parameter_name" {
  description = "SSM parameter that holds the route record."
  value       = aws_ssm_parameter.route.name
}

output "role_arn" {
  description = "Role that Bedrock works under."
  value       = module.role.arn
}
