module "model_registry" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  groups = {
    reviews = { description = "Sentiment of customer reviews" }
  }
}
