output "bucket_names" {
  description = "Buckets whose objects expire and move by these rules."
  value = [
    aws_s3_bucket_lifecycle_configuration.data.bucket,
    aws_s3_bucket_lifecycle_configuration.logs.bucket,
  ]
}
