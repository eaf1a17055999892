module "dataset" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  bucket_name                 = "mlops-dev-data-123456789012-us-east-1"
  kms_key_arn                 = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  boundary_arn                = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  security_configuration_name = "mlops-dev-glue"

  database_names = {
    raw       = "mlops_dev_raw"
    processed = "mlops_dev_processed"
    features  = "mlops_dev_features"
  }

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/raw/churn/*"]
    }]
  }) }

  dataset = {
    name          = "churn"
    spec          = jsonencode({ name = "churn" })
    quality_rules = ["RowCount > 0"]
    etl           = {}
  }

  packages = {
    script  = "${path.module}/main.py"
    library = "${path.module}/library.zip"
  }
}
