# Further ways of ingesting data besides uploads to data/raw, each enabled in the environment file.

# Permissions to read data of other owners; creates nothing.
module "data_sources" {
  source = "../../modules/data_sources"

  context = var.context
  sources = var.data.sources
}

module "lakeformation_consumer" {
  source = "../../modules/lakeformation_consumer"
  count  = length(var.sharing.consumer.shares) > 0 ? 1 : 0

  context         = var.context
  admin_role_arns = var.sharing.consumer.admin_arns

  shares = { for name, share in var.sharing.consumer.shares : name => {
    producer_account_id = share.producer_account_id
    database            = share.database
    table               = share.table
    reader_role_arns    = [for reader in share.readers : merge(var.foundation.iam.persona_role_arns, { glue = module.glue.role_arn })[reader]]
  } }
}

module "streaming" {
  source = "../../modules/streaming"
  count  = var.streaming.enabled ? 1 : 0

  context                = var.context
  dataset                = var.streaming.dataset
  shards                 = var.streaming.shards
  retention_hours        = var.streaming.retention_hours
  buffering_seconds      = var.streaming.buffering_seconds
  columns                = var.streaming.columns
  bucket_name            = var.foundation.s3.bucket_name
  bucket_policy_document = module.delivery_access.policy_document
  database_name          = module.glue.database_names["raw"]
  boundary_arn           = var.foundation.iam.boundary_arn

  kms_key_arns = {
    data = var.foundation.kms.data_key_arn
    logs = var.foundation.kms.logs_key_arn
  }
}

# Of raw data and of the quarantine the stream writes its own folder.
module "delivery_access" {
  source = "../../modules/s3_access"

  access = var.foundation.s3.access
  write  = ["data_raw/${var.streaming.dataset}", "data_quarantine/${var.streaming.dataset}"]
}
