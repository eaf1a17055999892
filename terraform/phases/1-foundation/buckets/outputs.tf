output "buckets" {
  description = "The buckets before they may be written to: for the stacks of this phase only, others take `foundation.s3`."
  value = {
    s3_buckets = {
      data = module.s3_buckets.data
      logs = module.s3_buckets.logs
    }
  }
}
