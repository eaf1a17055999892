# Permissions of each function.
locals {
  functions = {
    data_validation = {
      description      = "Pipeline step 4: checks whether the output of the ETL is fit for training."
      memory_mb        = 256
      timeout_seconds  = 120
      policy_documents = { bucket = module.s3_access["data_validation"].policy_document }
      environment      = {}
    }
    model_artifacts = {
      description      = "Pipeline step 7 and releases: ensures that the evaluated archive is the one that is registered and served."
      memory_mb        = 1024
      timeout_seconds  = 900 # archives of many gigabytes
      policy_documents = { bucket = module.s3_access["model_artifacts"].policy_document }
      environment = {
        BUCKET            = var.foundation.s3.bucket_name
        REGISTERED_PREFIX = var.foundation.s3.access.prefixes["models_registered"].prefix
        KEY_ARN           = var.foundation.kms.models_key_arn
      }
    }
    endpoint_probe = {
      description      = "Probes a candidate's temporary endpoint, or one that was just released."
      memory_mb        = 256
      timeout_seconds  = 90
      policy_documents = { bucket = module.s3_access["endpoint_probe"].policy_document, probe-endpoints = data.aws_iam_policy_document.probe_endpoints.json }
      environment      = {}
    }
  }
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "probe_endpoints" {
  statement {
    sid       = "ProbeEndpoints"
    actions   = ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"]
    resources = ["arn:${data.aws_partition.current.partition}:sagemaker:${var.context.region}:${var.context.account_id}:endpoint/${var.context.name_prefix}-*"]
  }
}

module "lambda" {
  source   = "../../modules/lambda"
  for_each = local.functions

  context          = var.context
  boundary_arn     = var.foundation.iam.boundary_arn
  bucket_name      = var.foundation.s3.bucket_name
  package          = var.packages[each.key]
  policy_documents = each.value.policy_documents

  function = {
    name            = replace(each.key, "_", "-")
    description     = each.value.description
    handler         = "${each.key}.handler.handler"
    memory_mb       = each.value.memory_mb
    timeout_seconds = each.value.timeout_seconds
    environment     = each.value.environment
  }

  kms_key_arns = {
    environment = var.foundation.kms.data_key_arn
    logs        = var.foundation.kms.logs_key_arn
  }

  network = var.inference.lambda_in_vpc ? {
    subnet_ids         = var.foundation.vpc.private_subnet_ids
    security_group_ids = [var.foundation.vpc.security_group_ids["lambda"]]
    policy_document    = var.foundation.vpc.network_policy_documents["lambda"]
  } : null
}
