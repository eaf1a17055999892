module "api" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  logs_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  throttle      = { rate_per_second = 50, burst = 100 }
  quota_per_day = 100000
  enable_waf    = true

  methods = {
    realtime = {
      invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-router/invocations"
    }
  }

  function_names = { realtime = "mlops-dev-model-router" }
}
