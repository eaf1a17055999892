mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  override_resource {
    target = aws_api_gateway_rest_api.this
    values = {
      root_resource_id = "root"
      execution_arn    = "arn:aws:execute-api:us-east-1:123456789012:mock"
    }
  }

  override_resource {
    target = aws_api_gateway_authorizer.key
    values = {
      id = "key123"
    }
  }
}

variables {
  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  methods    = { realtime = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/router/invocations" } }
  openai     = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/router/invocations" }
  authorizer = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/authorizer/invocations" }

  function_names = {
    realtime   = "mlops-dev-model-router"
    openai     = "mlops-dev-model-router"
    authorizer = "mlops-dev-token-authorizer"
  }
}

run "keys_are_what_the_authorizer_says_they_are" {
  assert {
    condition     = aws_api_gateway_rest_api.this.api_key_source == "AUTHORIZER"
    error_message = "A bearer token can be a key only where the authorizer names the key."
  }

  assert {
    condition     = aws_api_gateway_authorizer.key.type == "REQUEST" && aws_api_gateway_authorizer.key.authorizer_uri == var.authorizer.invoke_arn
    error_message = "The authorizer must see all headers."
  }

  assert {
    condition     = aws_api_gateway_authorizer.key.authorizer_result_ttl_in_seconds == 0 && aws_api_gateway_authorizer.key.identity_source == "context.identity.sourceIp"
    error_message = "Nothing may be cached: the identity source does not identify a caller; every request has it."
  }

  assert {
    condition     = aws_lambda_permission.authorizer.source_arn == "arn:aws:execute-api:us-east-1:123456789012:mock/authorizers/key123" && aws_lambda_permission.authorizer.source_account == "123456789012" && aws_lambda_permission.authorizer.principal == "apigateway.amazonaws.com" && aws_lambda_permission.authorizer.function_name == "mlops-dev-token-authorizer"
    error_message = "Only this API may invoke the authorizer function."
  }

  assert {
    condition = alltrue([
      for method in concat(values(aws_api_gateway_method.post), values(aws_api_gateway_method.openai)) :
      method.authorization == "CUSTOM" && method.authorizer_id == "key123" && method.api_key_required
    ])
    error_message = "Without other authentication methods every method must require an API key through the authorizer."
  }

  assert {
    condition     = length(aws_api_gateway_resource.auth) == 0 && length(aws_api_gateway_authorizer.cognito) == 0 && output.iam_policy_document == null
    error_message = "IAM and Cognito routes must only exist if they are enabled."
  }
}

run "iam_authentication_has_separate_paths" {
  variables {
    auth = { iam = true }
  }

  assert {
    condition     = { for path, method in aws_api_gateway_method.post : path => [method.authorization, method.api_key_required] } == { "realtime" = ["CUSTOM", true], "iam/realtime" = ["AWS_IAM", false] }
    error_message = "Signed requests must use paths under /iam/ and leave the paths for API keys unchanged."
  }

  assert {
    condition     = toset([for path, method in aws_api_gateway_method.openai : method.authorization if startswith(path, "iam/")]) == toset(["AWS_IAM"]) && length(aws_api_gateway_method.openai) == 10
    error_message = "The OpenAI paths must exist for both authentication methods."
  }

  assert {
    condition     = aws_api_gateway_resource.method["iam/realtime"].parent_id == aws_api_gateway_resource.auth["iam"].id && aws_api_gateway_resource.method["realtime"].parent_id == "root"
    error_message = "The authentication method must be the first path segment."
  }

  assert {
    condition     = aws_lambda_permission.invoke["iam/realtime"].source_arn == "arn:aws:execute-api:us-east-1:123456789012:mock/*/POST/iam/realtime/*" && aws_lambda_permission.openai["iam/v1/GET"].source_arn == "arn:aws:execute-api:us-east-1:123456789012:mock/*/GET/iam/v1/*"
    error_message = "The function answers these paths, too."
  }

  assert {
    condition     = data.aws_iam_policy_document.iam_auth.statement[0].actions == toset(["execute-api:Invoke"]) && data.aws_iam_policy_document.iam_auth.statement[0].resources == toset(["arn:aws:execute-api:us-east-1:123456789012:mock/v1/*/iam/*"])
    error_message = "The policy document must allow the /iam/ paths of this API only."
  }
}

run "cognito_accepts_tokens_of_the_named_pools" {
  variables {
    auth = { cognito = { user_pool_arns = ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"], scopes = ["inference/ask"] } }
  }

  override_resource {
    target = aws_api_gateway_authorizer.cognito
    values = {
      id = "cog123"
    }
  }

  assert {
    condition     = aws_api_gateway_authorizer.cognito[0].type == "COGNITO_USER_POOLS" && aws_api_gateway_authorizer.cognito[0].provider_arns == toset(["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"]) && aws_api_gateway_authorizer.cognito[0].identity_source == "method.request.header.Authorization"
    error_message = "The authorizer must accept tokens of the named user pools only."
  }

  assert {
    condition = alltrue([
      for method in [aws_api_gateway_method.post["cognito/realtime"], aws_api_gateway_method.openai["cognito/v1/chat/completions"]] :
      method.authorization == "COGNITO_USER_POOLS" && method.authorizer_id == "cog123" && method.authorization_scopes == toset(["inference/ask"]) && !method.api_key_required
    ])
    error_message = "Cognito routes must require a token with the scope, and no API key."
  }

  assert {
    condition     = aws_api_gateway_method.post["realtime"].authorization == "CUSTOM" && aws_api_gateway_method.post["realtime"].authorization_scopes == null
    error_message = "The paths for API keys must stay unchanged."
  }
}
