module "api" {
  source = "../../modules/api"

  context       = var.context
  boundary_arn  = var.foundation.iam.boundary_arn
  logs_key_arn  = var.foundation.kms.logs_key_arn
  throttle      = var.inference.throttle
  quota_per_day = var.inference.quota_per_day
  enable_waf    = var.inference.waf

  methods = {
    realtime = {
      invoke_arn = module.lambda.invoke_arn
    }
  }

  function_names = {
    realtime = module.lambda.name
  }
}
