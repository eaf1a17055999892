# The key contains the hash: a run that started with old code keeps it, and equal bytes give the same plan on every
# machine.
resource "aws_s3_object" "script" {
  bucket      = var.bucket_name
  key         = "artifacts/code/features/${substr(filesha256(var.ingestion.script_path), 0, 16)}/ingest.py"
  source      = var.ingestion.script_path
  source_hash = filesha256(var.ingestion.script_path)
  kms_key_id  = var.kms_key_arn

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_glue_job" "ingestion" {
  name                   = "${var.context.name_prefix}-feature-ingestion"
  description            = "Puts what the ETL wrote into the feature group"
  role_arn               = aws_iam_role.this["ingestion"].arn
  security_configuration = var.security_configuration_name
  glue_version           = "3.0" # that of Python shell 3.9; without it Glue takes 3.6
  max_capacity           = var.ingestion.capacity
  timeout                = var.ingestion.timeout_minutes
  max_retries            = 0 # the caller retries, and records that were written are not written again

  command {
    name            = "pythonshell"
    python_version  = "3.9"
    script_location = "s3://${var.bucket_name}/${aws_s3_object.script.key}"
  }

  # Two concurrent runs would each write records that the other has not recorded yet.
  execution_property {
    max_concurrent_runs = 1
  }

  # Names in Python's spelling: Glue passes them to the script unchanged.
  default_arguments = {
    "library-set"     = "analytics" # pyarrow, among others
    "--bucket"        = var.bucket_name
    "--bucket_owner"  = var.context.account_id
    "--feature_group" = aws_sagemaker_feature_group.reviews.feature_group_name
    "--dataset"       = var.dataset.name
    "--run_id"        = "manual"
  }

  # The job may be started immediately.
  depends_on = [aws_iam_role_policy.ingestion, aws_iam_role_policy.attached]
}
