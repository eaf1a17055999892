module "chat" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint = {
    name       = "chat"
    parameters = { max_tokens = 256 }
  }

  model_id         = "us.amazon.nova-lite-v1:0"
  router_role_name = "mlops-dev-model-router"
  topic_arn        = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  routes_prefix    = "/mlops/dev/routes"
}
