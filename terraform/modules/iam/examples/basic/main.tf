module "iam" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }

  storage_arns = [
    "arn:aws:s3:::mlops-dev-data-123456789012-us-east-1",
    "arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/*",
  ]

  image_policy_document    = local.pull_images
  persona_bucket_documents = { for persona in ["data_scientist", "ml_engineer", "data_engineer", "production"] : persona => local.read_features }

  access = {
    persona_principals = {
      data_scientist = ["arn:aws:iam::123456789012:role/sso-data-science"]
    }
  }
}

locals {
  # Granted by the modules ecr and s3_access.
  pull_images = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ecr:BatchGetImage"]
      Resource = ["arn:aws:ecr:us-east-1:123456789012:repository/mlops-dev/training"]
    }]
  })
  read_features = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/features/*"]
    }]
  })
}
