mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project            = "mlops"
    environment        = "dev"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-dev"
    tags               = {}
    log_retention_days = 30
  }

  methods = {
    realtime = {
      invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-router/invocations"
    }
  }

  authorizer = {
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-token-authorizer/invocations"
  }

  function_names = {
    realtime   = "mlops-dev-model-router"
    authorizer = "mlops-dev-token-authorizer"
  }
}

run "a_request_needs_a_key_and_a_valid_body" {
  assert {
    condition     = aws_api_gateway_method.post["realtime"].api_key_required
    error_message = "Calls without an API key must be refused."
  }

  assert {
    condition     = aws_api_gateway_request_validator.this.validate_request_body && aws_api_gateway_request_validator.this.validate_request_parameters
    error_message = "Bodies and parameters must be validated."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.request.schema).properties.inputs.maxItems == 100 && jsondecode(aws_api_gateway_model.request.schema).required[0] == "inputs"
    error_message = "The request schema must require 1 to 100 inputs."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.request.schema).properties.inputs.items.type == ["string", "number", "array", "object"]
    error_message = "An input must be a text, a number, a list or an object."
  }

  assert {
    condition     = aws_api_gateway_resource.blueprint["realtime"].path_part == "{blueprint}"
    error_message = "The blueprint must be a path parameter."
  }
}

run "the_router_is_called_as_a_proxy_from_its_method_only" {
  assert {
    condition     = aws_api_gateway_integration.function["realtime"].type == "AWS_PROXY" && aws_api_gateway_integration.function["realtime"].timeout_milliseconds == 29000
    error_message = "The router must be a Lambda proxy with the gateway's full time."
  }

  assert {
    condition     = aws_lambda_permission.invoke["realtime"].source_arn == "arn:aws:execute-api:us-east-1:123456789012:mock/*/POST/realtime/*"
    error_message = "Only POST on the method's paths may call the function."
  }

  assert {
    condition     = aws_lambda_permission.invoke["realtime"].source_account == "123456789012" && aws_lambda_permission.invoke["realtime"].principal == "apigateway.amazonaws.com"
    error_message = "Only this account's API may call the function."
  }
}

run "calls_are_limited_logged_and_traced" {
  variables {
    throttle      = { rate_per_second = 5, burst = 10 }
    quota_per_day = 1000
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.all.settings).throttling_rate_limit == 5 && one(aws_api_gateway_usage_plan.this["default"].throttle_settings).burst_limit == 10
    error_message = "Stage and API key must have the given throttle."
  }

  assert {
    condition     = one(aws_api_gateway_method_settings.all.settings).throttling_burst_limit == 10 && [for limits in aws_api_gateway_usage_plan.this["default"].throttle_settings : limits.rate_limit] == [5]
    error_message = "Stage and key must be throttled in rate and in burst."
  }

  assert {
    condition     = one(aws_api_gateway_usage_plan.this["default"].quota_settings).limit == 1000 && one(aws_api_gateway_usage_plan.this["default"].quota_settings).period == "DAY"
    error_message = "The quota must be per day."
  }

  assert {
    condition     = !one(aws_api_gateway_method_settings.all.settings).data_trace_enabled
    error_message = "Requests must not be logged."
  }

  assert {
    condition     = aws_api_gateway_stage.this.xray_tracing_enabled
    error_message = "X-Ray must be on."
  }

  assert {
    condition     = aws_cloudwatch_log_group.execution.name == "API-Gateway-Execution-Logs_mock/v1" && aws_cloudwatch_log_group.execution.kms_key_id == var.kms_key_arns.logs
    error_message = "The gateway's own log group must exist beforehand, encrypted."
  }

  assert {
    condition     = aws_api_gateway_account.this.cloudwatch_role_arn == aws_iam_role.logs.arn
    error_message = "The account must have the role with which the gateway writes its logs."
  }

  assert {
    condition     = length(setsubtract(["request_id", "time", "method", "path", "status", "api_key_id", "principal", "blueprints", "iam_arn", "cognito_subject", "source_ip", "error"], keys(jsondecode(one(aws_api_gateway_stage.this.access_log_settings).format)))) == 0
    error_message = "The access log must contain caller, request and outcome."
  }

  assert {
    condition     = [for field in ["principal", "blueprints", "iam_arn", "cognito_subject"] : jsondecode(one(aws_api_gateway_stage.this.access_log_settings).format)[field]] == ["$context.authorizer.principal", "$context.authorizer.blueprints", "$context.identity.userArn", "$context.authorizer.claims.sub"]
    error_message = "The access log must identify the caller by the authorizer's context and never contain the key."
  }
}

run "refusals_of_the_gateway_look_like_errors_of_the_functions" {
  assert {
    condition     = aws_api_gateway_gateway_response.refusal["THROTTLED"].status_code == "429" && aws_api_gateway_gateway_response.refusal["THROTTLED"].response_parameters["gatewayresponse.header.Retry-After"] == "'1'"
    error_message = "Throttled responses must have a Retry-After header."
  }

  assert {
    condition     = strcontains(aws_api_gateway_gateway_response.refusal["BAD_REQUEST_BODY"].response_templates["application/json"], "\"type\": \"BadRequest\"")
    error_message = "A refused body must be called BadRequest."
  }

  assert {
    condition     = startswith(jsondecode(replace(aws_api_gateway_gateway_response.refusal["BAD_REQUEST_BODY"].response_templates["application/json"], "$context.requestId", "r")).error.message, "the body does not fit this path: inference takes 'inputs', a list of 1 to ${local.request_schema.properties.inputs.maxItems} texts of 1 to ${local.request_schema.properties.inputs.items.maxLength} characters")
    error_message = "The response to an invalid body must describe the schema error."
  }

  assert {
    condition     = aws_api_gateway_gateway_response.refusal["REQUEST_TOO_LARGE"].status_code == "413" && strcontains(aws_api_gateway_gateway_response.refusal["REQUEST_TOO_LARGE"].response_templates["application/json"], "\"type\": \"PayloadTooLarge\"")
    error_message = "A body above the gateway's 10 MB must be called as one above the function's 6 MB is."
  }

  assert {
    condition     = { for refused in ["UNAUTHORIZED", "ACCESS_DENIED", "AUTHORIZER_FAILURE"] : refused => aws_api_gateway_gateway_response.refusal[refused].status_code } == { UNAUTHORIZED = "401", ACCESS_DENIED = "403", AUTHORIZER_FAILURE = "500" }
    error_message = "A missing key must be 401, a wrong key 403 and an authorizer failure 500."
  }

  assert {
    condition     = jsondecode(replace(aws_api_gateway_gateway_response.refusal["AUTHORIZER_FAILURE"].response_templates["application/json"], "$context.requestId", "r")).error == { type = "InternalError", message = "the key could not be checked" }
    error_message = "Every error response must have a message, where API Gateway would send null."
  }
}
