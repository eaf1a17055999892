module "glue" {
  source = "../../modules/glue"

  context                  = var.context
  bucket_name              = var.foundation.s3.bucket_name
  permissions_boundary_arn = var.foundation.iam.boundary_arn

  kms_key_arns = {
    data = var.foundation.kms.data_key_arn
    logs = var.foundation.kms.logs_key_arn
  }

  policy_documents = {
    bucket = module.s3_access.policy_document
  }

  extra_quality_rules = var.data.extra_quality_rules

  etl = {
    script_path     = var.packages["etl_reviews"].path
    capacity_dpu    = var.data.etl_capacity_dpu
    timeout_minutes = var.data.etl_timeout_minutes
    split_seed      = var.data.split_seed
  }
}

module "s3_access" {
  source = "../../modules/s3_access"

  access = var.foundation.s3.access
  read   = ["data_raw", "data_processed", "data_features", "artifacts_code"]
  write  = ["data_processed", "data_features", "data_quarantine"]
}
