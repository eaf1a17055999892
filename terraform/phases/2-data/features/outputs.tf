output "features" {
  description = "The feature group and the job that fills it; no other stack uses this. Empty if the environment has none."
  value = {
    feature_store = {
      feature_group_name = one(module.feature_store[*].feature_group_name)
      feature_group_arn  = one(module.feature_store[*].feature_group_arn)
      online             = one(module.feature_store[*].online)
      table              = one(module.feature_store[*].table)
      job_name           = one(module.feature_store[*].job_name)
    }
  }
}
