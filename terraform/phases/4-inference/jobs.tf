# Accepts asynchronous and batch requests and reports their status. It is separate from the router because its
# permissions differ: it writes inputs, reads results, sends to queues and invokes submitters, and calls no model.
locals {
  # Created by the orchestrator before this phase is applied: Terraform has its name but never its value.
  job_secret_name = "/${var.context.project}/${var.context.environment}/secrets/job-ids"
  job_secret_arn  = "arn:${data.aws_partition.current.partition}:ssm:${var.context.region}:${var.context.account_id}:parameter${local.job_secret_name}"
}

data "aws_iam_policy_document" "jobs" {
  statement {
    sid       = "ReadRoutes"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.routes_arn}/*"]
  }

  statement {
    # Secret from which job ids are derived.
    sid       = "ReadSecret"
    actions   = ["ssm:GetParameter"]
    resources = [local.job_secret_arn]
  }

  statement {
    sid       = "DecryptSecret"
    actions   = ["kms:Decrypt"]
    resources = [var.foundation.kms.data_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.${var.context.region}.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:PARAMETER_ARN"
      values   = [local.job_secret_arn]
    }
  }

  statement {
    # The queues of asynchronous blueprints on Bedrock, and no other queue of the environment.
    sid       = "SendRequests"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${data.aws_partition.current.partition}:sqs:${var.context.region}:${var.context.account_id}:${var.context.name_prefix}-*-requests"]
  }

  statement {
    sid       = "EncryptRequests"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.foundation.kms.logs_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.context.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "InvokeSubmitter"
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:${data.aws_partition.current.partition}:lambda:${var.context.region}:${var.context.account_id}:function:${local.submitter_name}"]
  }
}

# A presigned URL has the permissions of this function, so this also limits what clients can get.
module "jobs_storage" {
  source = "../../modules/s3_access"

  access = var.foundation.s3.access
  read   = ["inference_async_input", "inference_async_output", "inference_async_failures"]
  write  = ["inference_async_input"]
}

module "jobs" {
  source = "../../modules/lambda"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  bucket_name  = var.foundation.s3.bucket_name
  package      = var.packages["job_api"]

  policy_documents = {
    jobs   = data.aws_iam_policy_document.jobs.json
    bucket = module.jobs_storage.policy_document
    invoke = var.foundation.iam.caller_documents["async"]
  }

  function = {
    name            = "job-api"
    description     = "Accepts asynchronous requests and batch jobs, and reports their status."
    handler         = "job_api.handler.handler"
    memory_mb       = 512
    timeout_seconds = 29 # the limit of API Gateway

    environment = {
      ROUTES_PREFIX = local.routes_prefix
      BUCKET        = var.foundation.s3.bucket_name
      KEY_ARN       = var.foundation.kms.data_key_arn

      SECRET_PARAMETER = local.job_secret_name
    }
  }

  kms_key_arns = {
    environment = var.foundation.kms.data_key_arn
    logs        = var.foundation.kms.logs_key_arn
  }

  network = local.network
}
