data "aws_partition" "current" {}

locals {
  function_name = "${var.context.name_prefix}-${var.function.name}"
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_115: a reservation is taken from the account's pool of 1000, so only callers that need one set it
  # checkov:skip=CKV_AWS_116: functions that events invoke get a dead-letter target (asynchronous); the others answer their caller
  # checkov:skip=CKV_AWS_117: attachment to the VPC is the environment's switch, since it costs a NAT or interface endpoints
  # checkov:skip=CKV_AWS_272: packages are built from this repository and pinned by hash; no signing profile is involved
  function_name = local.function_name
  description   = var.function.description
  role          = aws_iam_role.function.arn
  package_type  = "Zip"
  s3_bucket     = aws_s3_object.package.bucket
  s3_key        = aws_s3_object.package.key
  # The uploaded object version, even if the key is overwritten later.
  s3_object_version = aws_s3_object.package.version_id
  source_code_hash  = var.package.sha256_base64
  handler           = var.function.handler
  runtime           = var.function.runtime
  architectures     = [var.function.architecture]
  layers            = var.function.layers
  memory_size       = var.function.memory_mb
  timeout           = var.function.timeout_seconds
  kms_key_arn       = var.kms_key_arns.environment

  reserved_concurrent_executions = var.function.reserved_concurrency

  environment {
    variables = merge(
      {
        PROJECT     = var.context.project
        ENVIRONMENT = var.context.environment
        ACCOUNT_ID  = var.context.account_id
      },
      var.function.environment,
    )
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  dynamic "dead_letter_config" {
    for_each = var.asynchronous == null ? [] : [var.asynchronous]

    content {
      target_arn = dead_letter_config.value.dead_letter_arn
    }
  }

  # Lambda checks the role's permissions on network and dead-letter target when it creates the function, and the first
  # log line would create the log group without key and retention.
  depends_on = [aws_iam_role_policy.runtime, aws_iam_role_policy.network, aws_cloudwatch_log_group.function]
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.asynchronous == null ? 0 : 1

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = var.asynchronous.maximum_retry_attempts
  maximum_event_age_in_seconds = var.asynchronous.maximum_event_age_seconds
}
