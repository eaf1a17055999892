# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project            = "mlops"
  environment        = "dev"
  region             = "us-east-1"
  account_id         = "123456789012"
  name_prefix        = "mlops-dev"
  tags               = {}
  log_retention_days = 30
}

blueprint = {
  name = "reviews"
}

model_group = {
  key  = "reviews"
  name = "mlops-dev-reviews"
}

model_version = {
  model_package_arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-dev-reviews/1"
  model_data_url    = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/run-1/output/model.tar.gz"
  image             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
}

network = {
  subnet_ids         = ["subnet-0b", "subnet-0a"]
  security_group_ids = ["sg-0a"]
}

kms_key_arns = {
  data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
}

bucket_name      = "mlops-dev-data-123456789012-us-east-1"
policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
topic_arn        = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
routes_prefix    = "/mlops/dev/routes"
