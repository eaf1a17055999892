module "emr_serverless" {
  source = "../.."

  context      = { account_id = "123456789012", name_prefix = "mlops-dev" }
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  maximum      = { vcpus = 64, memory_gb = 256 }

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/raw/*"]
    }]
  }) }
}
