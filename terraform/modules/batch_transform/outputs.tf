output "name" {
  description = "Name of the blueprint."
  value       = var.blueprint.name
}

output "model_id" {
  description = "SageMaker model that jobs run."
  value       = aws_sagemaker_model.this.name
}

output "model_package_arn" {
  description = "Model package that the model was made of."
  value       = var.model_version.model_package_arn
}

output "route_parameter_name" {
  description = "SSM parameter that holds the route record."
  value       = aws_ssm_parameter.route.name
}

output "execution_role_arn" {
  description = "Role of the model containers."
  value       = aws_iam_role.model.arn
}
