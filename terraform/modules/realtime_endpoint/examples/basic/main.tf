module "reviews" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint = {
    name        = "reviews"
    autoscaling = { min = 2, max = 4 }
    rollout     = { strategy = "canary", step_percent = 25 }
  }

  model_group = { key = "reviews", name = "mlops-dev-reviews" }

  model_version = {
    model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
    model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/models/registered/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/model.tar.gz"
    files_sha256      = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
    image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
  }

  network = {
    subnet_ids         = ["subnet-0a0123456789abcde", "subnet-0b0123456789abcde"]
    security_group_ids = ["sg-0c0123456789abcde"]
  }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/artifacts/models/registered/*"]
    }]
  }) }

  bucket_name   = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  topic_arn     = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  routes_prefix = "/mlops/dev/routes"
}
