output "name" {
  description = "Name of the blueprint."
  value       = var.blueprint.name
}

output "model_id" {
  description = "SageMaker model that jobs ran first."
  value       = aws_sagemaker_model.this.name
}

output "model_package_arn" {
  description = "Model package of the first model."
  value       = local.launch.model_package_arn
}

output "route_parameter_name" {
  description = "SSM parameter that holds the route record."
  value       = aws_ssm_parameter.route.name
}

output "release_parameter_name" {
  description = "SSM parameter with the release specification of the models."
  value       = aws_ssm_parameter.release.name
}

output "execution_role_arn" {
  description = "Role of the model containers; releases pass it to the models that they create."
  value       = module.role.arn
}
