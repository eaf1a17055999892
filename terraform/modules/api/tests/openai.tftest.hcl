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

run "the_paths_are_openai_s_and_none_is_a_blueprint_s" {
  assert {
    condition = { for path, method in aws_api_gateway_method.openai : path => method.http_method } == {
      "v1/chat/completions" = "POST"
      "v1/completions"      = "POST"
      "v1/embeddings"       = "POST"
      "v1/models"           = "GET"
      "v1/models/{model}"   = "GET"
    }
    error_message = "The OpenAI paths must be v1/chat/completions, v1/completions, v1/embeddings, v1/models and v1/models/{model}; got ${jsonencode({ for path, method in aws_api_gateway_method.openai : path => method.http_method })}."
  }

  assert {
    condition     = aws_api_gateway_resource.openai_leaf["v1/chat/completions"].parent_id == aws_api_gateway_resource.openai_branch["v1/chat"].id && aws_api_gateway_resource.openai_leaf["v1/models/{model}"].parent_id == aws_api_gateway_resource.openai_branch["v1/models"].id && aws_api_gateway_resource.openai["keys"].parent_id == "root"
    error_message = "Each path must be below the parent in its name."
  }

  assert {
    condition     = alltrue([for integration in values(aws_api_gateway_integration.openai) : integration.type == "AWS_PROXY" && integration.integration_http_method == "POST" && integration.timeout_milliseconds == 29000 && integration.uri == var.openai.invoke_arn])
    error_message = "One function answers all of them, as a proxy with the gateway's full time."
  }
}

run "bodies_are_objects_and_the_router_says_what_is_wrong_with_them" {
  assert {
    condition = { for path, method in aws_api_gateway_method.openai : path => try(method.request_models["application/json"], "none") } == {
      "v1/chat/completions" = "OpenAiChat"
      "v1/completions"      = "OpenAiCompletion"
      "v1/embeddings"       = "OpenAiEmbedding"
      "v1/models"           = "none"
      "v1/models/{model}"   = "none"
    }
    error_message = "Each body must be held to its schema."
  }

  assert {
    condition     = alltrue([for method in values(aws_api_gateway_method.openai) : method.request_validator_id == aws_api_gateway_request_validator.this.id])
    error_message = "Every request must be validated."
  }

  assert {
    condition     = length(aws_api_gateway_model.openai) == 3 && alltrue([for model in values(aws_api_gateway_model.openai) : toset(keys(jsondecode(model.schema))) == toset(["$schema", "title", "type"]) && jsondecode(model.schema).type == "object"])
    error_message = "The gateway must only check for an object, since the router reports field errors in OpenAI's format."
  }

  assert {
    condition     = aws_api_gateway_method.openai["v1/models/{model}"].request_parameters == tomap({ "method.request.path.model" = true })
    error_message = "The model path must require the parameter model."
  }
}

run "only_these_paths_may_call_the_router" {
  assert {
    condition = { for name, permission in aws_lambda_permission.openai : name => permission.source_arn } == {
      "v1/GET"  = "arn:aws:execute-api:us-east-1:123456789012:mock/*/GET/v1/*"
      "v1/POST" = "arn:aws:execute-api:us-east-1:123456789012:mock/*/POST/v1/*"
    }
    error_message = "The function answers the OpenAI paths of this API."
  }

  assert {
    condition     = alltrue([for permission in values(aws_lambda_permission.openai) : permission.source_account == "123456789012" && permission.principal == "apigateway.amazonaws.com" && permission.function_name == "mlops-dev-model-router"])
    error_message = "Only this API and its paths may invoke the function."
  }
}

run "without_a_function_there_is_no_openai_api" {
  variables {
    openai         = null
    function_names = { realtime = "mlops-dev-model-router", authorizer = "mlops-dev-token-authorizer" }
  }

  assert {
    condition     = length(aws_api_gateway_method.openai) + length(aws_api_gateway_resource.openai) + length(aws_api_gateway_model.openai) + length(aws_lambda_permission.openai) == 0
    error_message = "Nothing of it may be left."
  }
}
