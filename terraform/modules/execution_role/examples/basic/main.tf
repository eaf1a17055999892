module "role" {
  source = "../.."

  context      = { account_id = "123456789012" }
  name         = "mlops-dev-processing"
  description  = "SageMaker processing jobs of the deployed flows."
  service      = "sagemaker.amazonaws.com"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/processed/*"]
    }]
  }) }

  log_groups = {
    arns   = ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/ProcessingJobs"]
    create = true
  }
}
