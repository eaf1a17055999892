module "stepfunctions" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }
  topic_arn   = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  bucket_name = "mlops-dev-data-123456789012-us-east-1"

  # Granted by the module s3_access.
  bucket_policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:aws:s3:::mlops-dev-data-123456789012-us-east-1/artifacts/training-outputs/*"]
    }]
  })

  glue = {
    crawler_names = { raw = "mlops-dev-raw-reviews", processed = "mlops-dev-processed-reviews", features = "mlops-dev-features-reviews" }
    job_name      = "mlops-dev-etl"
    role_arn      = "arn:aws:iam::123456789012:role/mlops-dev-glue"
    quality       = { ruleset_name = "mlops-dev-processed-reviews", database_name = "mlops_dev_processed", table_name = "reviews" }
  }

  release_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-dev-release"

  function_arns = {
    data_validation = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-data-validation"
    model_artifacts = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-artifacts"
    endpoint_probe  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-endpoint-probe"
  }

  training = {
    role_arn          = "arn:aws:iam::123456789012:role/mlops-dev-training"
    endpoint_role_arn = "arn:aws:iam::123456789012:role/mlops-dev-candidate"
    image_uri         = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    source_uri        = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/code/training/0a1b/sourcedir.tar.gz"
  }

  evaluation = {
    role_arn    = "arn:aws:iam::123456789012:role/mlops-dev-evaluation"
    program_uri = "s3://mlops-dev-data-123456789012-us-east-1/artifacts/code/evaluation/0a1b/evaluation.zip"
    spec_uri    = "s3://mlops-dev-data-123456789012-us-east-1/configs/datasets/reviews.json"
    task        = "classification"
    gate        = { metric = "accuracy", threshold = 0.6, above_baseline = 0.1, above_champion = 0 }
  }

  golden = [
    { input = "Works perfectly, I love it.", label = "positive" },
    { input = "It broke at once.", label = "negative" },
  ]

  registry = {
    group_name          = "mlops-dev-reviews"
    live_parameter_name = "/mlops/dev/models/reviews/live"
  }
}
