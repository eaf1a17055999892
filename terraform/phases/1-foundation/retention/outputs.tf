output "retention" {
  description = "What lives by rules: nobody builds on it."
  value = {
    s3_lifecycle = {
      bucket_names = module.s3_lifecycle.bucket_names
    }
  }
}
