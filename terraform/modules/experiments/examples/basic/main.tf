module "experiments" {
  source = "../.."

  context      = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-dev" }
  persona      = "data-scientist"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/experiments/data-scientist/*"]
    }]
  }) }
}
