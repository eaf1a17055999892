# Asked at every request of the key door, so it does as little as possible: one look at hashes that it remembers.
module "authorizer" {
  source = "../../modules/lambda"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  bucket_name  = var.foundation.s3.bucket_name
  package      = var.packages["token_authorizer"]

  policy_documents = {
    keys = module.api.read_keys_policy_document
  }

  function = {
    name            = "token-authorizer"
    description     = "Turns the token of an inference request into its API key and the blueprints it is good for."
    memory_mb       = 256
    timeout_seconds = 10 # the caller waits, and has 29 seconds in all

    environment = {
      KEYS_PREFIX = local.keys_prefix
    }
  }

  kms = {
    environment_key_arn = var.foundation.kms.data_key_arn
    logs_key_arn        = var.foundation.kms.logs_key_arn
  }

  network = local.network
}
