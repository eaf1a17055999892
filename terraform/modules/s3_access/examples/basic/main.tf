module "access" {
  source = "../.."

  # Output `access` of the module s3, shortened here to two prefixes.
  access = {
    bucket_arn  = "arn:aws:s3:::mlops-dev-data-123456789012-us-east-1"
    via_service = "s3.us-east-1.amazonaws.com"
    prefixes = {
      data_features              = { prefix = "data/features/", key_arns = ["arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"] }
      artifacts_training_outputs = { prefix = "artifacts/training-outputs/", key_arns = ["arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"] }
    }
  }

  read  = ["data_features"]
  write = ["artifacts_training_outputs"]
}
