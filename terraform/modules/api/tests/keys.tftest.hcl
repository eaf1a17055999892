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
    error_message = "Keys without their own limits must have the environment's."
  }

  assert {
    condition     = alltrue([for plan in aws_api_gateway_usage_plan.this : one(plan.api_stages).api_id == aws_api_gateway_rest_api.this.id && one(plan.api_stages).stage == "v1"])
    error_message = "Each plan must let its key into the stage."
  }
}

run "what_a_key_is_made_from_is_published" {
  assert {
    condition = output.keys["team-b"] == {
      key_name       = "mlops-dev-inference-team-b"
      blueprints     = tolist(["chat", "reviews"])
      usage_plan_id  = aws_api_gateway_usage_plan.this["team-b"].id
      parameter_name = "/mlops/dev/api-keys/team-b"
      kms_key_arn    = var.kms_key_arns.keys
    }
    error_message = "The output keys must have name, blueprints, plan, parameter and KMS key of each API key."
  }

  assert {
    condition     = { for name, key in output.keys : name => key.blueprints } == { default = tolist(["*"]), team-a = tolist(["chat"]), team-b = tolist(["chat", "reviews"]) }
    error_message = "A key must be valid for its blueprints only."
  }
}
