locals {
  prefixes = {
    store     = { read = [], write = ["data_features_offline"], hand_over = ["data_features_offline"] }
    ingestion = { read = ["data_features", "artifacts_code/features"], write = ["data_features/ingestion"], hand_over = [] }
  }
}

module "s3_access" {
  source   = "../../../modules/s3_access"
  for_each = local.prefixes

  access    = var.foundation.s3.access
  read      = each.value.read
  write     = each.value.write
  hand_over = each.value.hand_over
}

module "feature_store" {
  source = "../../../modules/feature_store"
  count  = var.feature_store.enabled ? 1 : 0

  context                     = var.context
  bucket_name                 = var.foundation.s3.bucket_name
  permissions_boundary_arn    = var.foundation.iam.boundary_arn
  database_name               = var.data.glue.database_names.features
  security_configuration_name = var.data.glue.security_configuration_name
  online                      = var.feature_store.online

  kms_key_arns = {
    data = var.foundation.kms.data_key_arn
  }

  policy_documents = {
    store     = { bucket = module.s3_access["store"].policy_document }
    ingestion = { bucket = module.s3_access["ingestion"].policy_document }
  }

  ingestion = {
    script_path     = var.packages["feature_ingestion"].path
    timeout_minutes = var.feature_store.timeout_minutes
  }
}
