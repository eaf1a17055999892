# One function for all batch blueprints, like the router for synchronous ones. Blueprints that use Bedrock add their own
# permissions.
locals {
  submitter_name = "${var.context.name_prefix}-batch-submitter"
  in_account     = "${var.context.region}:${var.context.account_id}"
  arn_prefix     = "arn:${data.aws_partition.current.partition}"
}

module "batch_prefixes" {
  source = "../../modules/s3_access"

  access = var.foundation.s3.access
  read   = ["inference_batch_input", "inference_batch_output"]
  write  = ["inference_batch_input/_parts", "inference_batch_output"]
}

data "aws_iam_policy_document" "batch" {
  statement {
    sid       = "ReadRoutes"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.routes_arn}/*"]
  }

  statement {
    # Which version jobs take now.
    sid       = "ReadReleases"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.arn_prefix}:ssm:${local.in_account}:parameter/${var.context.project}/${var.context.environment}/releases/records/*"]
  }

  statement {
    sid       = "RunTransformJobs"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob"]
    resources = ["${local.arn_prefix}:sagemaker:${local.in_account}:transform-job/${var.context.name_prefix}-*"]
  }

  statement {
    # The caller that sets a volume key creates the grant with which SageMaker mounts the volumes.
    sid       = "GrantVolumeKey"
    actions   = ["kms:CreateGrant"]
    resources = [var.foundation.kms.models_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sagemaker.${var.context.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "DescribeVolumeKey"
    actions   = ["kms:DescribeKey"]
    resources = [var.foundation.kms.models_key_arn]
  }

  statement {
    # AWS generates the ids of these jobs. Blueprints grant the permission to create them.
    sid       = "DescribeInvocationJobs"
    actions   = ["bedrock:GetModelInvocationJob"]
    resources = ["${local.arn_prefix}:bedrock:${local.in_account}:model-invocation-job/*"]
  }

  statement {
    sid       = "StartCrawlers"
    actions   = ["glue:StartCrawler"]
    resources = ["${local.arn_prefix}:glue:${local.in_account}:crawler/${var.context.name_prefix}-*-results"]
  }

  statement {
    # The rest of a large submission is a separate asynchronous invocation.
    sid       = "InvokeItself"
    actions   = ["lambda:InvokeFunction"]
    resources = ["${local.arn_prefix}:lambda:${local.in_account}:function:${local.submitter_name}"]
  }

  statement {
    sid       = "PublishNotifications"
    actions   = ["sns:Publish"]
    resources = [var.foundation.events.topic_arn]
  }

  statement {
    sid       = "EncryptNotifications"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.foundation.kms.logs_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${var.context.region}.amazonaws.com"]
    }
  }
}

module "batch_submitter" {
  source = "../../modules/lambda"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  bucket_name  = var.foundation.s3.bucket_name
  package      = var.packages["batch_submitter"]

  policy_documents = {
    batch  = data.aws_iam_policy_document.batch.json
    bucket = module.batch_prefixes.policy_document
  }

  function = {
    name            = "batch-submitter"
    description     = "Turns objects in the input folders of batch blueprints into jobs, and their outputs into one result."
    handler         = "batch_submitter.handler.handler"
    memory_mb       = 1024 # a megabyte at a time; the rest is for Parquet's row groups
    timeout_seconds = 900
    layers          = compact([var.inference.parquet_layer_arn])

    environment = {
      BUCKET         = var.foundation.s3.bucket_name
      NAME_PREFIX    = var.context.name_prefix
      ROUTES_PREFIX  = local.routes_prefix
      TOPIC_ARN      = var.foundation.events.topic_arn
      DATA_KEY_ARN   = var.foundation.kms.data_key_arn
      VOLUME_KEY_ARN = var.foundation.kms.models_key_arn
    }
  }

  kms_key_arns = {
    environment = var.foundation.kms.data_key_arn
    logs        = var.foundation.kms.logs_key_arn
  }

  # Failures after two retries are published; the state of a request is in the bucket.
  asynchronous = {
    dead_letter_arn = var.foundation.events.topic_arn
  }

  network = local.network
}

module "batch_events" {
  source = "../../modules/batch_events"

  context     = var.context
  bucket_name = var.foundation.s3.bucket_name

  submitter = {
    name = module.batch_submitter.name
    arn  = module.batch_submitter.arn
  }
}
