module "waf" {
  source = "../.."

  context         = { name_prefix = "mlops-dev" }
  name            = "mlops-dev-inference"
  stage_arn       = "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/v1"
  rate_per_second = 50
  kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
}
