# Here and not in the API's module, which needs the authorizer: modules depend on each other in one direction.
data "aws_iam_policy_document" "authorizer" {
  statement {
    # SSM checks permission on the path, with or without a trailing slash.
    sid       = "ReadKeyHashes"
    actions   = ["ssm:GetParametersByPath"]
    resources = [local.keys_arn, "${local.keys_arn}/*"]
  }

  statement {
    # SSM encrypts each for its own name.
    sid       = "DecryptKeyHashes"
    actions   = ["kms:Decrypt"]
    resources = [var.foundation.kms.data_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.${var.context.region}.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:PARAMETER_ARN"
      values   = ["${local.keys_arn}/*"]
    }
  }
}

# Invoked for every request with an API key, so it does as little as possible: it compares cached hashes.
module "authorizer" {
  source = "../../modules/lambda"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  bucket_name  = var.foundation.s3.bucket_name
  package      = var.packages["token_authorizer"]

  policy_documents = {
    keys = data.aws_iam_policy_document.authorizer.json
  }

  function = {
    name            = "token-authorizer"
    description     = "Resolves the token of an inference request to an API key and its blueprints."
    handler         = "token_authorizer.handler.handler"
    memory_mb       = 256
    timeout_seconds = 10 # the client waits, for at most 29 seconds in all

    environment = {
      KEYS_PREFIX = local.keys_prefix
    }
  }

  kms_key_arns = {
    environment = var.foundation.kms.data_key_arn
    logs        = var.foundation.kms.logs_key_arn
  }

  network = local.network
}
