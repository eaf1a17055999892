locals {
  # The script's own hash is part of its key: a run that started with the old script keeps it, and equal
  # bytes give an equal plan on any machine.
  script_key = "artifacts/code/etl/${substr(filesha256(var.etl.script_path), 0, 16)}/reviews_etl.py"
}

resource "aws_s3_object" "script" {
  bucket      = var.bucket_name
  key         = local.script_key
  source      = var.etl.script_path
  source_hash = filesha256(var.etl.script_path)
  kms_key_id  = var.kms_key_arns.data

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_glue_job" "reviews_etl" {
  name                   = "${var.context.name_prefix}-reviews-etl"
  description            = "Raw review snippets to clean, split Parquet"
  role_arn               = aws_iam_role.glue.arn
  security_configuration = aws_glue_security_configuration.this.name
  glue_version           = "3.0"
  max_capacity           = var.etl.capacity_dpu
  timeout                = var.etl.timeout_minutes
  max_retries            = 0 # the pipeline retries, and knows why

  command {
    name            = "pythonshell"
    python_version  = "3.9"
    script_location = "s3://${var.bucket_name}/${aws_s3_object.script.key}"
  }

  execution_property {
    max_concurrent_runs = 2
  }

  # Names in Python's own spelling: Glue hands them to the script as they stand here. A pipeline run
  # replaces run_id by its own; it names the report.
  default_arguments = {
    "--library-set" = "analytics"
    "--bucket"      = var.bucket_name
    "--dataset"     = "reviews"
    "--run_id"      = "manual"
    "--split_seed"  = var.etl.split_seed
  }
}
