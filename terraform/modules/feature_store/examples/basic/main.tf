module "feature_store" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  bucket_name                 = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn                = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  database_name               = "mlops_dev_features"
  security_configuration_name = "mlops-dev-glue"

  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"

  # Granted by the module s3_access.
  policy_documents = {
    store     = {}
    ingestion = {}
  }

  dataset = {
    name              = "customers"
    record_identifier = "customer_id"
    features          = { customer_id = "Integral", spent = "Fractional", city = "String" }
  }

  online    = true
  ingestion = { script_path = "${path.module}/ingest.py" }
}
