resource "aws_glue_catalog_database" "main" {
  name = "types_raw"
}

resource "aws_glue_security_configuration" "main" {
  name = "types"
  encryption_configuration {
    cloudwatch_encryption { cloudwatch_encryption_mode = "DISABLED" }
    job_bookmarks_encryption { job_bookmarks_encryption_mode = "DISABLED" }
    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = aws_kms_key.main.arn
    }
  }
}

resource "aws_glue_crawler" "main" {
  name                   = "types"
  database_name          = aws_glue_catalog_database.main.name
  role                   = aws_iam_role.main.arn
  security_configuration = aws_glue_security_configuration.main.name
  description            = "revision ${var.revision}"
  table_prefix           = "r${var.revision}_"
  s3_target { path = "s3://${aws_s3_bucket.main.bucket}/data/raw/" }
  schema_change_policy { delete_behavior = "LOG" }
  configuration = jsonencode({ Version = 1.0, Grouping = { TableLevelConfiguration = 4 } })
}

resource "aws_glue_job" "main" {
  name                   = "types"
  role_arn               = aws_iam_role.main.arn
  glue_version           = "4.0"
  worker_type            = "G.1X"
  number_of_workers      = 2
  timeout                = 10 * var.revision
  security_configuration = aws_glue_security_configuration.main.name
  default_arguments      = { "--revision" = tostring(var.revision) }
  command {
    name            = "glueetl"
    script_location = "s3://${aws_s3_bucket.main.bucket}/artifacts/code/etl.py"
    python_version  = "3"
  }
  execution_property { max_concurrent_runs = 2 }
}

resource "aws_glue_registry" "main" {
  registry_name = "types"
}

resource "aws_athena_workgroup" "main" {
  name          = "types"
  description   = "revision ${var.revision}"
  force_destroy = true
  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = 104857600 * var.revision
    result_configuration {
      output_location = "s3://${aws_s3_bucket.main.bucket}/logs/athena/"
      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = aws_kms_key.main.arn
      }
    }
  }
}
