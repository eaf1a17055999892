output "retention" {
  description = "Buckets with lifecycle rules; no other stack uses this."
  value = {
    s3_lifecycle = {
      bucket_names = module.s3_lifecycle.bucket_names
    }
  }
}
