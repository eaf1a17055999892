# Authentication methods and their routes. A method of API Gateway has one type of authorization, so each authentication
# method has its own paths: API keys have no prefix, /iam/… and /cognito/… lead to the same functions.
#
# Where keys come from (api_key_source) is one setting of the whole API. OpenAI clients send theirs as `Authorization:
# Bearer`, which only an authorizer can read as a key, so it reads x-api-key as well. Callers with IAM or Cognito have
# no API key: only the stage's throttle limits them, not a usage plan.
locals {
  key_auth = {
    keys = { prefix = "", authorization = "CUSTOM", api_key_required = true, scopes = null }
  }

  iam_auth = var.auth.iam ? {
    iam = { prefix = "iam/", authorization = "AWS_IAM", api_key_required = false, scopes = null }
  } : {}

  cognito_auth = var.auth.cognito == null ? {} : {
    cognito = {
      prefix           = "cognito/"
      authorization    = "COGNITO_USER_POOLS"
      api_key_required = false
      scopes           = var.auth.cognito.scopes
    }
  }

  auth_methods          = merge(local.key_auth, local.iam_auth, local.cognito_auth)
  prefixed_auth_methods = { for auth, settings in local.auth_methods : auth => settings if auth != "keys" }

  auth_resource_ids = merge(
    { keys = aws_api_gateway_rest_api.this.root_resource_id },
    { for auth, resource in aws_api_gateway_resource.auth : auth => resource.id },
  )

  authorizer_ids = {
    keys    = aws_api_gateway_authorizer.key.id
    iam     = null
    cognito = one(aws_api_gateway_authorizer.cognito[*].id)
  }
}

resource "aws_api_gateway_resource" "auth" {
  for_each = local.prefixed_auth_methods

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_authorizer" "key" {
  rest_api_id    = aws_api_gateway_rest_api.this.id
  name           = "key"
  type           = "REQUEST"
  authorizer_uri = var.authorizer.invoke_arn

  # A request has its key in one of two headers. API Gateway answers 401 without calling the authorizer when one of
  # several identity sources is missing, and the provider cannot configure none
  # (hashicorp/terraform-provider-aws#39689), so this uses a source that is always present. It identifies no caller and
  # must never become a cache key: the next caller from the same address would be authorized as the first one.
  identity_source                  = "context.identity.sourceIp"
  authorizer_result_ttl_in_seconds = 0
}

resource "aws_lambda_permission" "authorizer" {
  statement_id   = "api-${aws_api_gateway_rest_api.this.id}-authorizer"
  action         = "lambda:InvokeFunction"
  function_name  = var.function_names["authorizer"]
  principal      = "apigateway.amazonaws.com"
  source_account = var.context.account_id
  source_arn     = "${aws_api_gateway_rest_api.this.execution_arn}/authorizers/${aws_api_gateway_authorizer.key.id}"
}

# Checks signature, expiry and issuer of the token; with scopes it takes access tokens that carry one of them,
# without scopes ID tokens.
resource "aws_api_gateway_authorizer" "cognito" {
  count = var.auth.cognito == null ? 0 : 1

  rest_api_id     = aws_api_gateway_rest_api.this.id
  name            = "cognito"
  type            = "COGNITO_USER_POOLS"
  provider_arns   = var.auth.cognito.user_pool_arns
  identity_source = "method.request.header.Authorization"
}

# Permission to call the API under /iam/, for roles that should have it.
data "aws_iam_policy_document" "iam_auth" {
  statement {
    sid       = "InvokeInferenceApi"
    actions   = ["execute-api:Invoke"]
    resources = ["${aws_api_gateway_rest_api.this.execution_arn}/${var.stage_name}/*/iam/*"]
  }
}
