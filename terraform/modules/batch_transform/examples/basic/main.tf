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
    name  = "reviews-batch"
    batch = { max_concurrent_transforms = 4, prices = { instance_usd_per_hour = 0.115 } }
  }

  model_group = { key = "reviews", name = "mlops-dev-reviews" }

  model_version = {
    model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
    model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/models/registered/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/model.tar.gz"
    files_sha256      = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
    image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
  }

  network = {
    subnet_ids         = ["subnet-0a", "subnet-0b"]
    security_group_ids = ["sg-0a"]
  }

  # Granted by the module s3_access.
  policy_documents = { bucket = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/inference/batch/input/_parts/reviews-batch/*"]
    }]
  }) }

  bucket_name   = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn  = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  submitter     = { name = "mlops-dev-batch-submitter" }
  crawler_name  = "mlops-dev-reviews-batch-results"
  routes_prefix = "/mlops/dev/routes"
}
