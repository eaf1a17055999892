locals {
  # Limits that are not set are left out: the functions have defaults.
  limits = { for name, figure in var.blueprint.limits : name => figure if figure != null }

  # How rows are read, as far as the file says so.
  row = merge(
    var.blueprint.batch.id == null ? {} : { id = var.blueprint.batch.id },
    length(var.blueprint.batch.types) == 0 ? {} : { types = var.blueprint.batch.types },
  )
}

# How the submitter finds this deployment.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names an inference profile and holds no secret; the functions read it without a key
  # checkov:skip=CKV_AWS_337: the record names an inference profile and holds no secret; the functions read it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the batch submitter."
  type        = "String"

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge({
    blueprint  = var.blueprint.name
    kind       = "batch"
    source     = "bedrock"
    submitter  = var.submitter.name
    parameters = var.blueprint.parameters

    batch = merge({
      model_id         = aws_bedrock_inference_profile.this.arn
      base_model_id    = var.model_id # the profile's ARN does not show which API the model uses
      role_arn         = module.role.arn
      key_arn          = var.kms_key_arn
      timeout_hours    = var.blueprint.batch.timeout_hours
      format           = var.blueprint.batch.format
      column           = var.blueprint.batch.column
      delimiter        = var.blueprint.batch.delimiter
      records_per_file = var.blueprint.batch.records_per_file
      minimum_records  = var.blueprint.batch.minimum_records
      maximum_records  = var.blueprint.batch.maximum_records
      on_arrival       = var.blueprint.batch.on_arrival
      prices           = { for name, usd in var.blueprint.batch.prices : name => usd if usd != null }
      crawler          = var.crawler_name
    }, local.row)
  }, length(local.limits) == 0 ? {} : { limits = local.limits })), "{{", "{\\u007b")

  # A route that cannot be followed yet would answer with a permission error.
  depends_on = [aws_iam_role_policy.submitter, aws_iam_role_policy.invoke, module.role]
}
