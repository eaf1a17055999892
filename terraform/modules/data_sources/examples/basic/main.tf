module "data_sources" {
  source = "../.."

  context = { region = "us-east-1", account_id = "123456789012" }

  sources = {
    surveys = {
      bucket      = "customer-surveys"
      prefixes    = ["exports/reviews/"]
      kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/44444444-4444-4444-4444-444444444444"
    }
    warehouse = { database = "sales" }
  }
}
