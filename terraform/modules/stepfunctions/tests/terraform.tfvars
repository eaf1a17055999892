# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project            = "mlops"
  environment        = "test"
  region             = "us-east-1"
  account_id         = "123456789012"
  name_prefix        = "mlops-test"
  tags               = { project = "mlops", environment = "test", owner = "ml-platform" }
  log_retention_days = 30
}

boundary_arn           = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
bucket_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
kms_key_arns = {
  data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
}

topic_arn   = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications"
bucket_name = "mlops-test-data-123456789012-us-east-1"
glue = {
  crawler_names = { raw = "mlops-test-raw-reviews", processed = "mlops-test-processed-reviews", features = "mlops-test-features-reviews" }
  job_name      = "mlops-test-etl"
  role_arn      = "arn:aws:iam::123456789012:role/mlops-test-glue"
  quality       = { ruleset_name = "mlops-test-processed-reviews", database_name = "mlops_test_processed", table_name = "reviews" }
}

release_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-test-release"
function_arns = {
  data_validation = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-data-validation"
  model_artifacts = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-model-artifacts"
  endpoint_probe  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-test-endpoint-probe"
}

training = {
  role_arn           = "arn:aws:iam::123456789012:role/mlops-test-job"
  endpoint_role_arn  = "arn:aws:iam::123456789012:role/mlops-test-candidate"
  image_uri          = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
  source_uri         = "s3://mlops-test-data-123456789012-us-east-1/artifacts/code/training/abc/sourcedir.tar.gz"
  hyperparameters    = { seed = "42" }
  subnet_ids         = ["subnet-1", "subnet-2"]
  security_group_ids = ["sg-1"]
}

evaluation = {
  role_arn    = "arn:aws:iam::123456789012:role/mlops-test-evaluation"
  program_uri = "s3://mlops-test-data-123456789012-us-east-1/artifacts/code/evaluation/0a1b/evaluation.zip"
  spec_uri    = "s3://mlops-test-data-123456789012-us-east-1/configs/datasets/reviews.json"
  task        = "classification"
  gate        = { metric = "accuracy", threshold = 0.6, above_baseline = 0.1, above_champion = 0 }
}

registry = { group_name = "mlops-test-reviews", live_parameter_name = "/mlops/test/models/reviews/live" }

golden = [
  { input = "I love it.", label = "positive" },
  { input = { "age.$" = 59, city = "Ulm" }, value = 150.5, tolerance = 10 },
]
