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

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  logs_key_arn = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  keys_prefix  = "/mlops/dev/api-keys"
  keys_key_arn = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"

  methods    = { realtime = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/router/invocations" } }
  openai     = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/router/invocations" }
  authorizer = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/authorizer/invocations" }

  function_names = {
    realtime   = "mlops-dev-model-router"
    openai     = "mlops-dev-model-router"
    authorizer = "mlops-dev-token-authorizer"
  }

  throttle      = { rate_per_second = 50, burst = 100 }
  quota_per_day = 1000

  callers = {
    team-a = { blueprints = ["chat"], throttle = { rate_per_second = 2, burst = 4 }, quota_per_day = 10 }
    team-b = { blueprints = ["reviews", "chat"] }
  }
}

run "each_key_has_a_plan_with_its_limits" {
  assert {
    condition     = { for name, plan in aws_api_gateway_usage_plan.this : name => [one(plan.throttle_settings).rate_limit, one(plan.throttle_settings).burst_limit, one(plan.quota_settings).limit] } == { default = [50, 100, 1000], team-a = [2, 4, 10], team-b = [50, 100, 1000] }
    error_message = "Keys without limits of their own have the environment's."
  }

  assert {
    condition     = alltrue([for name, key in aws_api_gateway_usage_plan_key.this : key.key_id == aws_api_gateway_api_key.this[name].id && key.usage_plan_id == aws_api_gateway_usage_plan.this[name].id])
    error_message = "Each key must be held to its own plan."
  }

  assert {
    condition     = toset(keys(output.api_key_ids)) == toset(["default", "team-a", "team-b"])
    error_message = "Keys are told by their ids."
  }
}

run "what_the_authorizer_reads_is_hashes_under_the_key" {
  assert {
    condition     = { for name, parameter in aws_ssm_parameter.key : name => parameter.name } == { default = "/mlops/dev/api-keys/default", team-a = "/mlops/dev/api-keys/team-a", team-b = "/mlops/dev/api-keys/team-b" }
    error_message = "Each key has a record of its name."
  }

  assert {
    condition     = alltrue([for parameter in values(aws_ssm_parameter.key) : parameter.type == "SecureString" && parameter.key_id == var.keys_key_arn])
    error_message = "Records must be encrypted under the environment's key."
  }

  assert {
    condition     = alltrue([for name, parameter in aws_ssm_parameter.key : nonsensitive(jsondecode(parameter.value).sha256 == sha256(aws_api_gateway_api_key.this[name].value) && !strcontains(parameter.value, aws_api_gateway_api_key.this[name].value))])
    error_message = "Records hold the hash of a key, never the key."
  }

  assert {
    condition     = { for name, parameter in aws_ssm_parameter.key : name => nonsensitive(jsondecode(parameter.value).blueprints) } == { default = ["*"], team-a = ["chat"], team-b = ["chat", "reviews"] }
    error_message = "A key is good for the blueprints that it was given for."
  }
}
