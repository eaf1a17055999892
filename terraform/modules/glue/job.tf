locals {
  # The keys contain the files' hashes: a run that started with old code keeps it, and equal bytes give
  # the same plan on every machine.
  code = {
    script    = { path = var.etl.script_path, name = "etl.py" }
    library   = { path = var.etl.library_path, name = "etl.zip" }
    transform = { path = var.etl.transform_path, name = "transform.zip" }
  }
  code_keys = {
    for kind, file in local.code : kind => "artifacts/code/etl/${substr(filesha256(file.path), 0, 16)}/${file.name}"
  }

  described = jsondecode(file(var.etl.spec_path))
  spec = jsonencode(merge(local.described, {
    max_quarantine_share = var.etl.max_quarantine_share
    split                = merge(local.described.split, { seed = var.etl.split_seed })
  }))
}

resource "aws_s3_object" "code" {
  for_each = local.code

  bucket      = var.bucket_name
  key         = local.code_keys[each.key]
  source      = each.value.path
  source_hash = filesha256(each.value.path)
  kms_key_id  = var.kms_key_arns.data

  lifecycle {
    create_before_destroy = true
  }
}

# Beside the code, where only deployers write: it decides what the job reads and which rows it accepts.
resource "aws_s3_object" "spec" {
  bucket       = var.bucket_name
  key          = "artifacts/code/etl/${substr(sha256(local.spec), 0, 16)}/spec.json"
  content      = local.spec
  content_type = "application/json"
  kms_key_id   = var.kms_key_arns.data

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_glue_job" "reviews_etl" {
  name                   = "${var.context.name_prefix}-reviews-etl"
  description            = "Raw review snippets to clean, split Parquet"
  role_arn               = module.role.arn
  security_configuration = aws_glue_security_configuration.this.name
  glue_version           = "5.0" # Spark 3.5, Python 3.11
  worker_type            = var.etl.worker_type
  number_of_workers      = var.etl.workers
  timeout                = var.etl.timeout_minutes
  max_retries            = 0 # the pipeline retries, with the error at hand

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = "s3://${var.bucket_name}/${aws_s3_object.code["script"].key}"
  }

  # Two concurrent full runs would write the same objects.
  execution_property {
    max_concurrent_runs = 1
  }

  # Names in Python's spelling: Glue passes them to the script unchanged. A pipeline run replaces run_id, which names
  # the report, with its own.
  default_arguments = {
    "--extra-py-files"                   = join(",", [for kind in ["library", "transform"] : "s3://${var.bucket_name}/${aws_s3_object.code[kind].key}"])
    "--job-bookmark-option"              = "job-bookmark-${var.etl.bookmarks}"
    "--enable-metrics"                   = "true"
    "--enable-observability-metrics"     = "true"
    "--enable-continuous-cloudwatch-log" = "true"
    "--bucket"                           = var.bucket_name
    "--bucket_owner"                     = var.context.account_id
    "--spec"                             = aws_s3_object.spec.key
    "--run_id"                           = "manual"
  }
}
