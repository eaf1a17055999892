module "glue" {
  source = "../../modules/glue"

  context                  = var.context
  bucket_name              = var.foundation.s3.bucket_name
  permissions_boundary_arn = var.foundation.iam.boundary_arn

  kms_key_arns = {
    data = var.foundation.kms.data_key_arn
    logs = var.foundation.kms.logs_key_arn
  }

  policy_arns = {
    execution        = var.foundation.iam.execution_policy_arn
    read-raw         = var.foundation.s3.read_policy_arns["raw"]
    read-code        = var.foundation.s3.read_policy_arns["code"]
    read-processed   = var.foundation.s3.read_policy_arns["processed"]
    write-processed  = var.foundation.s3.write_policy_arns["processed"]
    read-features    = var.foundation.s3.read_policy_arns["features"]
    write-features   = var.foundation.s3.write_policy_arns["features"]
    write-quarantine = var.foundation.s3.write_policy_arns["quarantine"]
  }

  etl = {
    script_path     = var.packages["etl_reviews"].path
    capacity_dpu    = var.data.etl_capacity_dpu
    timeout_minutes = var.data.etl_timeout_minutes
    split_seed      = var.data.split_seed
  }
}
