output "bucket_name" {
  description = "The data bucket."
  value       = var.buckets.data.name

  # Whoever writes must find the encryption in force, not only the bucket.
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
  description = "Right of use by prefix, for the module `s3_access`: bucket, keys, and one entry per prefix of the tree (`data_raw`, `configs_inference_realtime`, …)."
  value       = local.access
}

output "every_arn" {
  description = "The data bucket and all its objects: the ceiling of what a permissions boundary may name."
  value       = [var.buckets.data.arn, "${var.buckets.data.arn}/*"]
}

output "delivers" {
  description = "Statements that let services write into the bucket on their own behalf, by name; none unless asked for."
  value       = [for statement in local.delivery_statements : statement.Sid]
}
