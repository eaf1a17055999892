module "glue" {
  source = "../../modules/glue"

  context      = var.context
  bucket_name  = var.foundation.s3.bucket_name
  boundary_arn = var.foundation.iam.boundary_arn

  kms_key_arns = {
    data = var.foundation.kms.data_key_arn
    logs = var.foundation.kms.logs_key_arn
  }

  policy_documents = merge({ bucket = module.s3_access.policy_document }, module.data_sources.policy_documents)

  extra_quality_rules = var.data.extra_quality_rules

  etl = {
    script_path          = var.packages["etl_script"].path
    library_path         = var.packages["etl_library"].path
    transform_path       = var.packages["dataset_reviews"].path
    spec_path            = var.packages["reviews_spec"].path
    worker_type          = var.data.etl.worker_type
    workers              = var.data.etl.workers
    timeout_minutes      = var.data.etl.timeout_minutes
    max_quarantine_share = var.data.etl.max_quarantine_share
    bookmarks            = var.data.etl.bookmarks
    split_seed           = var.data.split_seed
  }
}

module "s3_access" {
  source = "../../modules/s3_access"

  access = var.foundation.s3.access
  read   = ["data_raw", "data_processed", "data_features", "artifacts_code"]
  write  = ["data_processed", "data_features", "data_quarantine"]
  # A run removes the files of earlier runs that it does not overwrite; reports and labels stay.
  delete = ["data_processed/reviews", "data_features/reviews"]
}
