module "glue" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  bucket_name  = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"

  kms_key_arns = {
    data = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    logs = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/raw/*"]
    }]
  }) }

  etl = {
    script_path    = "${path.module}/etl.py"
    library_path   = "${path.module}/etl.zip"
    transform_path = "${path.module}/transform.zip"
    spec_path      = "${path.module}/spec.json"
  }
}
