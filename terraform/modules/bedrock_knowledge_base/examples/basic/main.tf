module "knowledge_base" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint_name = "chat"
  kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  boundary_arn   = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"

  documents = {
    bucket_name = "mlops-dev-data-123456789012-us-east-1"
    prefix      = "data/knowledge/chat/"

    # Granted by the module s3_access.
    policy_document = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/knowledge/chat/*"]
      }]
    })
  }
}
