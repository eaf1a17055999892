locals {
  # The keys contain the hashes: a run that started with old code keeps it, and equal bytes give the same plan on every
  # machine.
  code = merge(
    {
      script  = { path = var.packages.script, name = "etl.py" }
      library = { path = var.packages.library, name = "etl.zip" }
    },
    var.packages.transform == null ? {} : { transform = { path = var.packages.transform, name = "transform.zip" } },
  )
  code_keys = {
    for kind, file in local.code : kind => "artifacts/code/datasets/${var.dataset.name}/${substr(filesha256(file.path), 0, 16)}/${file.name}"
  }
  spec_key = "artifacts/code/datasets/${var.dataset.name}/${substr(sha256(var.dataset.spec), 0, 16)}/spec.json"
  modules  = [for kind in ["library", "transform"] : "s3://${var.bucket_name}/${aws_s3_object.code[kind].key}" if contains(keys(local.code), kind)]
}

resource "aws_s3_object" "code" {
  for_each = local.code

  bucket      = var.bucket_name
  key         = local.code_keys[each.key]
  source      = each.value.path
  source_hash = filesha256(each.value.path)
  kms_key_id  = var.kms_key_arn

  # S3 allows ten tags on an object; the platform's default tags may be more.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Beside the code, where only deployers write: it decides what the job reads and which rows it accepts.
resource "aws_s3_object" "spec" {
  bucket       = var.bucket_name
  key          = local.spec_key
  content      = var.dataset.spec
  content_type = "application/json"
  kms_key_id   = var.kms_key_arn

  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_glue_job" "etl" {
  name                   = "${local.name}-etl"
  description            = "Raw files of the dataset to checked, split Parquet"
  role_arn               = module.role.arn
  security_configuration = var.security_configuration_name
  glue_version           = "5.0" # Spark 3.5, Python 3.11
  worker_type            = var.dataset.etl.worker_type
  number_of_workers      = var.dataset.etl.workers
  timeout                = var.dataset.etl.timeout_minutes
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
  default_arguments = merge({
    "--extra-py-files"                   = join(",", local.modules)
    "--job-bookmark-option"              = "job-bookmark-${var.dataset.etl.bookmarks}"
    "--enable-metrics"                   = "true"
    "--enable-observability-metrics"     = "true"
    "--enable-continuous-cloudwatch-log" = "true"
    "--bucket"                           = var.bucket_name
    "--bucket_owner"                     = var.context.account_id
    "--spec"                             = aws_s3_object.spec.key
    "--run_id"                           = "manual"
  }, var.dataset.raw == null ? {} : { "--raw_bucket" = var.dataset.raw.bucket, "--raw_owner" = var.dataset.raw.owner })
}

resource "aws_glue_trigger" "schedule" {
  count = var.dataset.schedule == null ? 0 : 1

  name        = "${local.name}-etl-schedule"
  description = "Runs the ETL by itself"
  type        = "SCHEDULED"
  schedule    = var.dataset.schedule

  actions {
    job_name = aws_glue_job.etl.name
  }
}
