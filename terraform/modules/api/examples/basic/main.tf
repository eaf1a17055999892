module "api" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  kms_key_arns = {
    keys = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }
  throttle      = { rate_per_second = 50, burst = 100 }
  quota_per_day = 100000

  methods = {
    realtime = {
      invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-router/invocations"
    }
  }

  openai = {
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-router/invocations"
  }

  authorizer = {
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-token-authorizer/invocations"
  }

  function_names = {
    realtime   = "mlops-dev-model-router"
    openai     = "mlops-dev-model-router"
    authorizer = "mlops-dev-token-authorizer"
  }

  keys_prefix = "/mlops/dev/api-keys"

  callers = {
    team-a = { blueprints = ["chat"], throttle = { rate_per_second = 5, burst = 10 }, quota_per_day = 5000 }
  }

  auth = { iam = true }
}
