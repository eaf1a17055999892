module "router" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  bucket_name  = "mlops-dev-data-123456789012-us-east-1"

  package = {
    path          = "build/packages/model_router.zip"
    sha256_base64 = "NVoHIXJMmwsr6o0P/lUYMQUvCKOonOodnPqs6KEzCOs="
  }

  function = {
    name            = "model-router"
    description     = "Answers inference requests"
    handler         = "model_router.handler.handler"
    timeout_seconds = 29
    environment     = { ROUTES_PREFIX = "/mlops/dev/routes" }
  }

  kms_key_arns = {
    environment = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    logs        = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  }
}
