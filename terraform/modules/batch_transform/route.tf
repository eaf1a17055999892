locals {
  # Limits that are not set are left out: the functions have defaults.
  limits = { for name, figure in var.blueprint.limits : name => figure if figure != null }

  # How rows are read, as far as the file says so.
  row = merge(
    var.blueprint.batch.id == null ? {} : { id = var.blueprint.batch.id },
    length(var.blueprint.batch.types) == 0 ? {} : { types = var.blueprint.batch.types },
  )

  # The container's format is left out if it is the platform's own.
  format = var.blueprint.format == "inputs" ? {} : { format = var.blueprint.format }
}

# How the submitter finds this deployment.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names a model and holds no secret; the functions read it without a key
  # checkov:skip=CKV_AWS_337: the record names a model and holds no secret; the functions read it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the batch submitter."
  type        = "String"

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge({
    blueprint  = var.blueprint.name
    kind       = "batch"
    source     = "sagemaker"
    submitter  = var.submitter.name
    parameters = var.blueprint.parameters

    batch = merge({
      # The first model, and the parameter with the record of later releases.
      model_name                = aws_sagemaker_model.this.name
      model_package_arn         = local.launch.model_package_arn
      release_record            = "${local.release_path}/records/${var.blueprint.name}"
      instance_type             = var.blueprint.instance_type
      instance_count            = var.blueprint.instance_count
      strategy                  = var.blueprint.batch.strategy
      max_payload_mb            = var.blueprint.batch.max_payload_mb
      max_concurrent_transforms = var.blueprint.batch.max_concurrent_transforms
      format                    = var.blueprint.batch.format
      column                    = var.blueprint.batch.column
      delimiter                 = var.blueprint.batch.delimiter
      records_per_file          = var.blueprint.batch.records_per_file
      minimum_records           = var.blueprint.batch.minimum_records
      maximum_records           = var.blueprint.batch.maximum_records
      on_arrival                = var.blueprint.batch.on_arrival
      prices                    = { for name, usd in var.blueprint.batch.prices : name => usd if usd != null }
      crawler                   = var.crawler_name
    }, local.row)
  }, local.format, length(local.limits) == 0 ? {} : { limits = local.limits })), "{{", "{\\u007b")
}
