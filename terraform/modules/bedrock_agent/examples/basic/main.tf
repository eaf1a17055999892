module "agent" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint_name = "helper"
  instruction    = "You answer questions of customers about their orders, shortly and politely."
  kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  boundary_arn   = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"

  model = {
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"

    # Granted by the module bedrock_model.
    invoke_policy_document = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = ["bedrock:InvokeModel"]
        Resource = ["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"]
      }]
    })
  }
}
