# Refusals of the gateway itself have the same form as the errors of the functions behind it.
locals {
  refusals = {
    DEFAULT_4XX                    = { status = null, type = "BadRequest" }
    DEFAULT_5XX                    = { status = null, type = "InternalError" }
    ACCESS_DENIED                  = { status = "403", type = "Forbidden" }
    AUTHORIZER_CONFIGURATION_ERROR = { status = "500", type = "InternalError" }
    AUTHORIZER_FAILURE             = { status = "500", type = "InternalError" }
    BAD_REQUEST_BODY               = { status = "400", type = "BadRequest" }
    BAD_REQUEST_PARAMETERS         = { status = "400", type = "BadRequest" }
    EXPIRED_TOKEN                  = { status = "403", type = "Forbidden" }
    INTEGRATION_FAILURE            = { status = "503", type = "NotReady" }
    INTEGRATION_TIMEOUT            = { status = "504", type = "DeadlineExceeded" }
    INVALID_API_KEY                = { status = "403", type = "Forbidden" }
    INVALID_SIGNATURE              = { status = "403", type = "Forbidden" }
    MISSING_AUTHENTICATION_TOKEN   = { status = "403", type = "Forbidden" } # of unknown paths as well
    QUOTA_EXCEEDED                 = { status = "429", type = "Throttled" }
    REQUEST_TOO_LARGE              = { status = "413", type = "PayloadTooLarge" }
    THROTTLED                      = { status = "429", type = "Throttled" }
    UNAUTHORIZED                   = { status = "401", type = "Unauthorized" }
    UNSUPPORTED_MEDIA_TYPE         = { status = "415", type = "BadRequest" }
  }

  # Responses of API Gateway that are missing or unhelpful by default.
  custom_messages = {
    BAD_REQUEST_BODY               = "\"the body does not fit this path: inference takes 'inputs', a list of 1 to 100 texts of 1 to 20000 characters, numbers, lists or objects, and 'parameters'; /async also 'input' alone, the key of an upload; uploads 'bytes'; /batch 'input', 'request_id' (1 to 63 letters, digits and hyphens) and 'retry'; /v1 what OpenAI's clients send\""
    AUTHORIZER_CONFIGURATION_ERROR = "\"the key could not be checked\""
    AUTHORIZER_FAILURE             = "\"the key could not be checked\""
  }

  # Those that a caller may repeat after a moment.
  transient_statuses = ["429", "503"]
}

resource "aws_api_gateway_gateway_response" "refusal" {
  for_each = local.refusals

  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = each.value.status

  response_templates = {
    "application/json" = "{\"request_id\": \"$context.requestId\", \"error\": {\"type\": \"${each.value.type}\", \"message\": ${lookup(local.custom_messages, each.key, "$context.error.messageString")}}}"
  }

  response_parameters = contains(local.transient_statuses, coalesce(each.value.status, "any")) ? {
    "gatewayresponse.header.Retry-After" = "'1'"
  } : {}
}
