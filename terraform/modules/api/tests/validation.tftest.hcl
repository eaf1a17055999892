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

# Several refusals per run, since each run plans the whole API; Terraform names those that are missing.
run "whatever_does_not_fit_is_refused_each_by_its_name" {
  command = plan

  variables {
    stage_name    = "v/1"
    keys_prefix   = "/mlops/dev/api-keys/"
    throttle      = { rate_per_second = 0 }
    quota_per_day = 0
    auth          = { cognito = { user_pool_arns = ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abcdefghi"] } }
    callers       = { default = { blueprints = ["chat"] } }

    methods = {
      telepathy = {
        invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-router/invocations"
      }
    }
  }

  expect_failures = [var.stage_name, var.keys_prefix, var.throttle, var.quota_per_day, var.auth, var.callers, var.methods]
}

run "no_method_no_user_pool_and_a_key_for_nothing_are_refused" {
  command = plan

  variables {
    methods = {}
    auth    = { cognito = { user_pool_arns = [] } }
    callers = { team-a = { blueprints = [] } }
  }

  expect_failures = [var.methods, var.auth, var.callers]
}

run "a_method_without_a_function_and_a_list_of_blueprints_in_disguise_are_refused" {
  command = plan

  variables {
    function_names = {}
    callers        = { team-a = { blueprints = ["chat,reviews"] } }
  }

  expect_failures = [var.function_names, var.callers]
}

run "an_openai_api_without_a_function_and_a_key_without_blueprints_are_refused" {
  command = plan

  variables {
    openai  = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/x/invocations" }
    callers = { team-a = { blueprints = ["chat"], quota_per_day = 0 } }
  }

  expect_failures = [var.function_names, var.callers]
}
