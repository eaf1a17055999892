output "feature_group_name" {
  description = "The dataset's feature group."
  value       = aws_sagemaker_feature_group.reviews.feature_group_name
}

output "feature_group_arn" {
  description = "ARN of the feature group."
  value       = aws_sagemaker_feature_group.reviews.arn
}

output "online" {
  description = "Whether records can be read one by one."
  value       = var.online
}

output "table" {
  description = "Table over the offline store: every version of every record."
  value       = { database = var.database_name, name = local.table_name }
}

output "job_name" {
  description = "Glue job that fills the group; the training pipeline starts it."
  value       = aws_glue_job.ingestion.name
}

output "role_arns" {
  description = "Roles of the offline store and of the ingestion job."
  value       = { for role, made in aws_iam_role.this : role => made.arn }
}
