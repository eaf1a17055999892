locals {
  # Smoke tests exceed the limit of this key, which may call no existing blueprint.
  smoke_key = { blueprints = ["smoke-tests-ask-for-no-blueprint"], throttle = { rate_per_second = 1, burst = 1 }, quota_per_day = 10000 }

  keys_prefix = "/${var.context.project}/${var.context.environment}/api-keys"
  keys_arn    = "arn:${data.aws_partition.current.partition}:ssm:${var.context.region}:${var.context.account_id}:parameter${local.keys_prefix}"
}

module "api" {
  source = "../../modules/api"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  kms_key_arns = {
    keys = var.foundation.kms.data_key_arn
    logs = var.foundation.kms.logs_key_arn
  }
  throttle      = var.inference.throttle
  quota_per_day = var.inference.quota_per_day
  auth          = var.inference.auth
  callers       = merge(var.inference.api_keys, { smoke = local.smoke_key })
  keys_prefix   = local.keys_prefix

  # The router serves both synchronously; the route record names the blueprint's kind.
  methods = {
    realtime = {
      invoke_arn = module.lambda.invoke_arn
    }
    serverless = {
      invoke_arn = module.lambda.invoke_arn
    }
  }

  openai = {
    invoke_arn = module.lambda.invoke_arn
  }

  jobs = {
    invoke_arn = module.jobs.invoke_arn
  }

  authorizer = {
    invoke_arn = module.authorizer.invoke_arn
  }

  function_names = {
    realtime   = module.lambda.name
    serverless = module.lambda.name
    openai     = module.lambda.name
    jobs       = module.jobs.name
    authorizer = module.authorizer.name
  }
}

module "waf" {
  source = "../../modules/waf"
  count  = var.inference.waf ? 1 : 0

  context         = var.context
  name            = module.api.name
  stage_arn       = module.api.stage_arn
  rate_per_second = var.inference.throttle.rate_per_second
  kms_key_arn     = var.foundation.kms.logs_key_arn
}
