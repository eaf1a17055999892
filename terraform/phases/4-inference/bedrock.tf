# Off by default: there is one such configuration per account and region, shared by all environments.
module "bedrock_logging" {
  source = "../../modules/bedrock_logging"
  count  = var.bedrock.invocation_logging.enabled ? 1 : 0

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  kms_key_arn  = var.foundation.kms.logs_key_arn
  bodies       = var.bedrock.invocation_logging.bodies

  bucket = {
    name   = var.foundation.s3.bucket_name
    prefix = var.foundation.s3.prefixes.logs_bedrock
  }
}
