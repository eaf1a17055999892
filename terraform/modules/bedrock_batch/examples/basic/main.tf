module "chat" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint = {
    name       = "chat-batch"
    parameters = { max_tokens = 128 }
    batch      = { prices = { usd_per_million_input_tokens = 0.03, usd_per_million_output_tokens = 0.12 } }
  }

  model_id    = "us.amazon.nova-lite-v1:0"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/inference/batch/input/_parts/chat-batch/*"]
    }]
  }) }

  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  submitter     = { name = "mlops-dev-batch-submitter", role_name = "mlops-dev-batch-submitter" }
  crawler_name  = "mlops-dev-chat-batch-results"
  routes_prefix = "/mlops/dev/routes"
}
