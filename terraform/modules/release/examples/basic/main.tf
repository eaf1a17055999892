module "release" {
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
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
    logs   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }
  topic_arn                    = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  probe_function_arn           = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-endpoint-probe"
  model_artifacts_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-model-artifacts"

  endpoint_names    = { reviews = "mlops-dev-reviews" }
  model_group_names = ["mlops-dev-reviews"]
}
