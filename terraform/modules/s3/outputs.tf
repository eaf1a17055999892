output "bucket_name" {
  description = "The data bucket."
  value       = var.buckets.data.name

  # Encryption and policy must be in force before objects are written.
  depends_on = [
    aws_s3_bucket_policy.data,
    aws_s3_bucket_server_side_encryption_configuration.data,
  ]
}

output "bucket_arn" {
  description = "ARN of the data bucket."
  value       = var.buckets.data.arn
}

output "log_bucket_name" {
  description = "Bucket that receives the data bucket's access logs."
  value       = var.buckets.logs.name
}

output "prefixes" {
  description = "The bucket's tree: prefix (with trailing slash) by name; per inference method where there are several."
  value       = local.prefixes
}

output "access" {
  description = "Access entries for the module `s3_access`: bucket, keys, and one entry per prefix (`data_raw`, `configs_inference_realtime`, …)."
  value       = local.access
}

output "every_arn" {
  description = "The data bucket and all its objects, for the permissions boundary."
  value       = [var.buckets.data.arn, "${var.buckets.data.arn}/*"]
}

output "delivers" {
  description = "Statements that allow services to write to the bucket on their own behalf, by name; none by default."
  value       = [for statement in local.delivery_statements : statement.Sid]
}
