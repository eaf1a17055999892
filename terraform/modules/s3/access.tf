# Access entries of the bucket: one per prefix. The module `s3_access` turns entries into the policy document of a role,
# and no other module writes a wildcard ARN of the bucket.
locals {
  # Model artifacts are written with the models key; their code is written with the bucket's own.
  model_prefixes = ["artifacts/models/", "artifacts/training-outputs/", "artifacts/checkpoints/", "experiments/"]

  tree = merge([
    for name, prefix in local.prefixes : (
      can(tostring(prefix)) ? { (name) = tostring(prefix) } : { for method, each in prefix : "${name}_${method}" => each }
    )
  ]...)

  access = {
    bucket_arn  = var.buckets.data.arn
    via_service = "s3.${var.context.region}.amazonaws.com"
    prefixes = {
      for name, prefix in local.tree : name => {
        prefix   = prefix
        key_arns = [for key in(anytrue([for start in local.model_prefixes : startswith(prefix, start)]) ? ["data", "models"] : ["data"]) : var.kms_key_arns[key]]
      }
    }
  }
}
