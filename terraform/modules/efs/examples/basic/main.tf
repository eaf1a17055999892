module "efs" {
  source = "../.."

  context     = { account_id = "123456789012", name_prefix = "mlops-dev" }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"

  network = {
    vpc_id                    = "vpc-0123456789abcdef0"
    subnet_ids                = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    client_security_group_ids = { training = "sg-0123456789abcdef0" }
  }
}
