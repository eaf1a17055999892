locals {
  routes_prefix = "/${var.context.project}/${var.context.environment}/routes"
  routes_arn    = "arn:${data.aws_partition.current.partition}:ssm:${var.context.region}:${var.context.account_id}:parameter${local.routes_prefix}"

  network = var.inference.lambda_in_vpc ? {
    subnet_ids         = var.foundation.vpc.private_subnet_ids
    security_group_ids = [var.foundation.vpc.security_group_ids["lambda"]]
    policy_document    = var.foundation.vpc.network_policy_documents["lambda"]
  } : null
}

data "aws_partition" "current" {}

# Blueprints on Bedrock grant access to their models, one inference profile each.
data "aws_iam_policy_document" "router" {
  statement {
    sid       = "ReadRoutes"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.routes_arn}/*"]
  }

  statement {
    # The list of models; SSM checks permission on the path, with or without a trailing slash.
    sid       = "ListRoutes"
    actions   = ["ssm:GetParametersByPath"]
    resources = [local.routes_arn, "${local.routes_arn}/*"]
  }

  statement {
    # Guardrails have generated ids; the tag identifies the environment. SageMaker models use guardrails too.
    sid       = "ApplyGuardrails"
    actions   = ["bedrock:ApplyGuardrail"]
    resources = ["arn:${data.aws_partition.current.partition}:bedrock:${var.context.region}:${var.context.account_id}:guardrail/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/project"
      values   = [var.context.project]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/environment"
      values   = [var.context.environment]
    }
  }
}

module "lambda" {
  source = "../../modules/lambda"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  bucket_name  = var.foundation.s3.bucket_name
  package      = var.packages["model_router"]

  policy_documents = {
    route  = data.aws_iam_policy_document.router.json
    invoke = var.foundation.iam.caller_documents["realtime"]
  }

  function = {
    name            = "model-router"
    description     = "Answers inference requests from the model that the blueprint's route record names."
    handler         = "model_router.handler.handler"
    memory_mb       = 512
    timeout_seconds = 29 # the limit of API Gateway

    environment = {
      ROUTES_PREFIX = local.routes_prefix
    }
  }

  kms_key_arns = {
    environment = var.foundation.kms.data_key_arn
    logs        = var.foundation.kms.logs_key_arn
  }

  network = local.network
}
