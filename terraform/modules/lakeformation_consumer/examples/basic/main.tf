module "lakeformation_consumer" {
  source = "../.."

  context         = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-dev" }
  admin_role_arns = ["arn:aws:iam::123456789012:role/mlops-dev-deploy"]

  shares = {
    sales = {
      producer_account_id = "210987654321"
      database            = "sales_curated"
      reader_role_arns    = ["arn:aws:iam::123456789012:role/mlops-dev-glue"]
    }
  }
}
