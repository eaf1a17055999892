# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project     = "mlops"
  environment = "dev"
  region      = "us-east-1"
  account_id  = "123456789012"
  name_prefix = "mlops-dev"
}

blueprint = {
  name = "reviews-batch"
}

model_group = { key = "reviews", name = "mlops-dev-reviews" }
model_version = {
  model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/3"
  model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
  image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
}

network = {
  subnet_ids         = ["subnet-0b", "subnet-0a"]
  security_group_ids = ["sg-0a"]
}

policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
bucket_name      = "mlops-dev-data-123456789012-us-east-1"
boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
submitter        = { name = "mlops-dev-batch-submitter" }
crawler_name     = "mlops-dev-reviews-batch-results"
routes_prefix    = "/mlops/dev/routes"
