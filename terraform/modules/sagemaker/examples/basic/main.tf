module "sagemaker" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  bucket_name  = "mlops-dev-data-123456789012-us-east-1"

  package = {
    path          = "build/packages/training_source.tar.gz"
    sha256_base64 = "0/1+aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abc="
  }

  model_group = {
    key  = "reviews"
    name = "mlops-dev-reviews"
  }

  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"

  # Granted by the modules s3_access, iam and vpc.
  policy_documents = {
    training   = { bucket = local.read_features }
    evaluation = { bucket = local.read_features }
    candidate  = { bucket = local.read_models }
  }
}

locals {
  read_features = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/data/features/*"]
    }]
  })
  read_models = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/*"]
    }]
  })
}
