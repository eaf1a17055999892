# Jobs that people start with their own programs. Their roles have no permission that the persona does not have.
locals {
  experiments = {
    data_scientist = { read = ["data_raw", "data_processed", "data_features"] }
    ml_engineer    = { read = ["data_processed", "data_features"] }
    # Flows under development: the deployed program runs them on raw data.
    data_engineer = { read = ["data_raw", "data_processed", "configs_preprocessing", "artifacts_code/processing"] }
  }
}

module "experiments_access" {
  source   = "../../modules/s3_access"
  for_each = local.experiments

  access = var.foundation.s3.access
  read   = concat(each.value.read, ["experiments_${each.key}"])
  write  = ["experiments_${each.key}"]
}

module "experiments" {
  source   = "../../modules/experiments"
  for_each = local.experiments

  context      = var.context
  persona      = replace(each.key, "_", "-")
  boundary_arn = var.foundation.iam.boundary_arn

  # Policy documents: bucket, permissions that SageMaker needs to run a job, network.
  policy_documents = {
    bucket    = module.experiments_access[each.key].policy_document
    execution = var.foundation.iam.execution_documents["experiments"]
    network   = var.foundation.vpc.network_policy_documents["training"]
  }
}
