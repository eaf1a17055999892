output "data" {
  description = "The data bucket, not yet encrypted with its key: modules that write use the output of the module `s3`."
  value = {
    name = aws_s3_bucket.data.id
    arn  = aws_s3_bucket.data.arn
  }

  # Rules for old versions need versions, and a bucket policy must find public access blocked: S3 refuses to
  # change both at the same time (OperationAborted).
  depends_on = [
    aws_s3_bucket_ownership_controls.data,
    aws_s3_bucket_public_access_block.data,
    aws_s3_bucket_versioning.data,
  ]
}

output "logs" {
  description = "Bucket that receives the data bucket's access logs."
  value = {
    name = aws_s3_bucket.logs.id
    arn  = aws_s3_bucket.logs.arn
  }

  depends_on = [
    aws_s3_bucket_ownership_controls.logs,
    aws_s3_bucket_public_access_block.logs,
    aws_s3_bucket_versioning.logs,
  ]
}
