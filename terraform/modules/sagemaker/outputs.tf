output "training_role_arn" {
  description = "Role of training jobs."
  value       = aws_iam_role.this["training"].arn
}

output "evaluation_role_arn" {
  description = "Role of evaluation jobs."
  value       = aws_iam_role.this["evaluation"].arn
}

output "candidate_role_arn" {
  description = "Role of the models on the pipeline's temporary endpoints."
  value       = aws_iam_role.this["candidate"].arn
}

output "image_uri" {
  description = "Image that training and inference run in."
  value       = coalesce(var.image.uri, one(data.aws_sagemaker_prebuilt_ecr_image.this[*].registry_path))
}

output "source_uri" {
  description = "Training code of this version."
  value       = "s3://${var.bucket_name}/${aws_s3_object.training_source.key}"
}

output "group_name" {
  description = "Model package group that trained models are registered in."
  value       = var.model_group.name
}

# The pipeline writes the parameter. If it were created here, Terraform would restore its first value.
output "live_parameter_name" {
  description = "SSM parameter in which the pipeline records the live model version."
  value       = "/${var.context.project}/${var.context.environment}/models/${var.model_group.key}/live"
}
