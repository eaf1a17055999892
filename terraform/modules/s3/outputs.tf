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

output "read_policy_arns" {
  description = "Policy that allows reading, by group: raw, processed, features, quarantine, code, training, athena."
  value       = { for group, policy in aws_iam_policy.read : group => policy.arn }
}

output "write_policy_arns" {
  description = "Policy that allows writing, by group: raw, processed, features, quarantine, code, training, athena."
  value       = { for group, policy in aws_iam_policy.write : group => policy.arn }
}
