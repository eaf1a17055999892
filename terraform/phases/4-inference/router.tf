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

# Rights on Bedrock models come with the blueprints that use them, one inference profile each.
data "aws_iam_policy_document" "router" {
  statement {
    sid       = "ReadRoutes"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.routes_arn}/*"]
  }

  statement {
    # The list of models; SSM asks for the right on the path, with or without a slash at its end.
    sid       = "ListRoutes"
    actions   = ["ssm:GetParametersByPath"]
    resources = [local.routes_arn, "${local.routes_arn}/*"]
  }

  statement {
    # Guardrails have ids that nobody chose; the tag says whose they are. Models of SageMaker are guarded too.
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
    timeout_seconds = 29 # API Gateway waits no longer

    environment = {
      ROUTES_PREFIX = local.routes_prefix
    }
  }

  kms = {
    environment_key_arn = var.foundation.kms.data_key_arn
    logs_key_arn        = var.foundation.kms.logs_key_arn
  }

  network = local.network
}
