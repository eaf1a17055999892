module "ecr" {
  source = "../.."

  context = {
    name_prefix = "mlops-dev"
  }

  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"

  repositories = {
    training  = { keep_images = 50 }
    inference = {}
  }
}
