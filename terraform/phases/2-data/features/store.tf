locals {
  # What the ETL writes: the output's columns, and those of the raw folders' names, as text.
  spec    = jsondecode(file(var.packages["reviews_spec"].path))
  columns = concat(local.spec.output, [for name in local.spec.partitions : { name = name, type = "string" }])

  feature_types = {
    string    = "String"
    bigint    = "Integral"
    double    = "Fractional"
    boolean   = "String"
    timestamp = "String"
    date      = "String"
  }

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

data "aws_partition" "current" {}

# People start this instead of the job itself, which would accept another script.
module "fixed_run" {
  source = "../../../modules/fixed_run"
  count  = var.feature_store.enabled ? 1 : 0

  context      = var.context
  name         = "feature-ingestion"
  description  = "Puts what the ETL wrote into the feature group"
  boundary_arn = var.foundation.iam.boundary_arn
  kms_key_arn  = var.foundation.kms.logs_key_arn

  definition = jsonencode({
    StartAt = "Ingest"
    States = {
      Ingest = {
        Type           = "Task"
        Resource       = "arn:${data.aws_partition.current.partition}:states:::glue:startJobRun.sync"
        Parameters     = { JobName = module.feature_store[0].job_name, Arguments = { "--run_id.$" = "$$.Execution.Name" } }
        ResultSelector = { "run.$" = "$.Id", "state.$" = "$.JobRunState" }
        End            = true
      }
    }
  })

  statements = jsonencode([{
    Sid      = "Ingest"
    Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
    Resource = ["arn:${data.aws_partition.current.partition}:glue:${var.context.region}:${var.context.account_id}:job/${module.feature_store[0].job_name}"]
  }])
}

module "feature_store" {
  source = "../../../modules/feature_store"
  count  = var.feature_store.enabled ? 1 : 0

  context                     = var.context
  bucket_name                 = var.foundation.s3.bucket_name
  boundary_arn                = var.foundation.iam.boundary_arn
  database_name               = var.data.glue.database_names.features
  security_configuration_name = var.data.glue.security_configuration_name
  online                      = var.feature_store.online

  kms_key_arn = var.foundation.kms.data_key_arn

  policy_documents = {
    store     = { bucket = module.s3_access["store"].policy_document }
    ingestion = { bucket = module.s3_access["ingestion"].policy_document }
  }

  dataset = {
    name              = local.spec.name
    record_identifier = local.spec.roles.id
    features          = { for column in local.columns : column.name => local.feature_types[column.type] }
  }

  ingestion = {
    script_path     = var.packages["feature_ingestion"].path
    timeout_minutes = var.feature_store.timeout_minutes
  }
}
