module "processing" {
  source = "../.."

  context      = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-dev" }
  bucket_name  = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  program      = { path = "build/packages/processing_flow.zip", sha256_base64 = "JAjqWZNa3NnTzcBgqV3mGnzlEUFuTkqBBtgXSWcPSTk=" }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  }

  network = {
    subnet_ids         = ["subnet-0123456789abcdef0"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }

  flows = {
    reviews = {
      text   = jsonencode({ metadata = { version = 1 }, nodes = [] })
      source = "data/raw/reviews/"
      target = "data/processed/reviews-wrangled/"
    }
  }

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/raw/reviews/*"]
    }]
  }) }
}
