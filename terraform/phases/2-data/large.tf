# For data that outgrows the Glue job, and for files that many jobs read: by flags of the environment file.
module "emr_serverless" {
  source = "../../modules/emr_serverless"
  count  = var.emr.enabled ? 1 : 0

  context       = var.context
  release_label = var.emr.release_label
  idle_minutes  = var.emr.idle_minutes
  boundary_arn  = var.foundation.iam.boundary_arn

  maximum = {
    vcpus     = var.emr.max_vcpus
    memory_gb = var.emr.max_memory_gb
  }

  network = var.emr.in_vpc ? {
    subnet_ids         = var.foundation.vpc.private_subnet_ids
    security_group_ids = [var.foundation.vpc.security_group_ids["training"]]
  } : {}

  # Same access as the Glue job.
  policy_documents = merge({
    bucket  = module.s3_access.policy_document
    catalog = module.glue.catalog_read_policy_document
  }, module.data_sources.policy_documents)
}

module "efs" {
  source = "../../modules/efs"
  count  = var.efs.enabled ? 1 : 0

  context     = var.context
  kms_key_arn = var.foundation.kms.data_key_arn
  backups     = var.efs.backups

  network = {
    vpc_id                    = var.foundation.vpc.vpc_id
    subnet_ids                = var.foundation.vpc.private_subnet_ids
    client_security_group_ids = { for workload in ["studio", "training"] : workload => var.foundation.vpc.security_group_ids[workload] }
  }
}
