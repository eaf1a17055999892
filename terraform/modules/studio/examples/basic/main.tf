module "studio" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  network = {
    vpc_id            = "vpc-0d0123456789abcde"
    subnet_ids        = ["subnet-0a0123456789abcde", "subnet-0b0123456789abcde"]
    security_group_id = "sg-0d0123456789abcde"
    internet_access   = true
  }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  }

  bucket_name  = "mlops-dev-data-123456789012-us-east-1"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"

  # Granted by the modules of bucket, network, roles and registry.
  policy_documents = {
    data_scientist = {}
    ml_engineer    = {}
  }
}
