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

  jobs = {
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-job-api/invocations"
  }

  function_names = {
    realtime   = "mlops-dev-model-router"
    jobs       = "mlops-dev-job-api"
    authorizer = "mlops-dev-token-authorizer"
  }
}

run "requests_and_jobs_are_taken_followed_and_uploaded_by_one_function" {
  assert {
    condition     = tomap({ for path, method in aws_api_gateway_method.job : path => method.http_method }) == tomap({ "async/{blueprint}" = "POST", "async/{blueprint}/uploads" = "POST", "async/{blueprint}/{request_id}" = "GET", "batch/{blueprint}" = "POST", "batch/{blueprint}/{request_id}" = "GET" })
    error_message = "Each job operation must have exactly one path and verb."
  }

  assert {
    condition     = alltrue([for each in aws_api_gateway_integration.job : each.uri == var.jobs.invoke_arn && each.type == "AWS_PROXY" && each.timeout_milliseconds == 29000])
    error_message = "The job API must answer all of it."
  }

  assert {
    condition     = tomap({ for path, each in aws_api_gateway_resource.job_leaf : path => each.path_part }) == tomap({ "async/uploads" = "uploads", "async/{request_id}" = "{request_id}", "batch/{request_id}" = "{request_id}" }) && alltrue([for each in aws_api_gateway_resource.job_blueprint : each.path_part == "{blueprint}"])
    error_message = "Blueprint and request must be parts of the path."
  }
}

run "a_request_for_later_needs_a_key_and_a_valid_body" {
  assert {
    condition     = alltrue([for method in aws_api_gateway_method.job : method.api_key_required && method.authorization == "CUSTOM" && method.authorizer_id == aws_api_gateway_authorizer.key.id && method.request_validator_id == aws_api_gateway_request_validator.this.id])
    error_message = "Every path must require a key and validate body and parameters."
  }

  assert {
    condition     = tomap({ for path, method in aws_api_gateway_method.job : path => join("", values(method.request_models)) if method.http_method == "POST" }) == tomap({ "async/{blueprint}" = "AsyncRequest", "async/{blueprint}/uploads" = "UploadRequest", "batch/{blueprint}" = "BatchRequest" })
    error_message = "Each body must have its schema."
  }

  assert {
    condition     = alltrue([for path, method in aws_api_gateway_method.job : method.request_parameters["method.request.path.blueprint"] && lookup(method.request_parameters, "method.request.path.request_id", false) == endswith(path, "{request_id}")])
    error_message = "The path's parameters must be there."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.job["AsyncRequest"].schema).properties.inputs == jsondecode(aws_api_gateway_model.request.schema).properties.inputs && jsondecode(aws_api_gateway_model.job["AsyncRequest"].schema).oneOf == [{ required = ["inputs"] }, { required = ["input"] }]
    error_message = "A request must have the one schema of all kinds, or name an upload, and never both."
  }

  assert {
    condition     = alltrue([for model in aws_api_gateway_model.job : jsondecode(model.schema).additionalProperties == false])
    error_message = "Unknown members of a request must be rejected."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.job["BatchRequest"].schema).properties == { input = { type = "string", minLength = 1, maxLength = 1024 }, request_id = { type = "string", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,62}$" }, retry = { type = "boolean" } }
    error_message = "A batch request must have an input and may have request_id and retry, and nothing else."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_model.job["UploadRequest"].schema).properties.bytes == { type = "integer", minimum = 2, maximum = 1073741824 }
    error_message = "An upload must state its size, at most SageMaker's limit of 1 GiB."
  }
}

run "only_the_job_paths_may_call_the_function" {
  assert {
    condition     = toset([for each in aws_lambda_permission.job : each.source_arn]) == toset([for path in ["GET/async", "POST/async", "GET/batch", "POST/batch"] : "arn:aws:execute-api:us-east-1:123456789012:mock/*/${path}/*"])
    error_message = "Only the verbs of the job paths may call the function."
  }

  assert {
    condition     = alltrue([for each in aws_lambda_permission.job : each.source_account == "123456789012" && each.principal == "apigateway.amazonaws.com" && each.function_name == "mlops-dev-job-api"])
    error_message = "Only this account's API may call the function."
  }
}

run "each_authentication_method_has_the_job_paths" {
  variables {
    auth = {
      iam     = true
      cognito = { user_pool_arns = ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcDEF123"], scopes = ["inference/ask"] }
    }
  }

  assert {
    condition     = length(aws_api_gateway_method.job) == 15 && aws_api_gateway_method.job["iam/async/{blueprint}"].authorization == "AWS_IAM" && !aws_api_gateway_method.job["iam/async/{blueprint}"].api_key_required
    error_message = "Signed requests must have separate paths."
  }

  assert {
    condition     = aws_api_gateway_method.job["cognito/batch/{blueprint}"].authorization == "COGNITO_USER_POOLS" && aws_api_gateway_method.job["cognito/batch/{blueprint}"].authorization_scopes == toset(["inference/ask"])
    error_message = "Tokens must have separate paths, with their scopes."
  }
}

run "without_a_function_there_are_no_jobs" {
  variables {
    jobs           = null
    function_names = { realtime = "mlops-dev-model-router", authorizer = "mlops-dev-token-authorizer" }
  }

  assert {
    condition     = length(aws_api_gateway_method.job) + length(aws_api_gateway_resource.job_kind) + length(aws_api_gateway_model.job) + length(aws_lambda_permission.job) == 0
    error_message = "Without the jobs function there must be no job paths."
  }
}
