# Sample notebooks, configured for this environment in their first cell. They run under the role of a profile, so they
# are stored with the code, which only deployments replace, under a common hash.
locals {
  notebooks_prefix = "artifacts/code/notebooks/${substr(sha256(jsonencode(local.notebooks)), 0, 16)}/"

  # As they stand in JSON, where quotation marks carry a backslash.
  parameter = { for name, value in { PROJECT = "mlops", ENVIRONMENT = "local", REGION = "us-east-1" } : name => "${name} = \\\"${value}\\\"" }
  setting   = { for name, value in { PROJECT = var.context.project, ENVIRONMENT = var.context.environment, REGION = var.context.region } : name => "${name} = \\\"${value}\\\"" }

  sources = { for name in fileset("${path.module}/notebooks", "*.ipynb") : name => file("${path.module}/notebooks/${name}") }

  notebooks = {
    for name, text in local.sources : name => replace(replace(replace(text,
      local.parameter.PROJECT, local.setting.PROJECT),
      local.parameter.ENVIRONMENT, local.setting.ENVIRONMENT),
    local.parameter.REGION, local.setting.REGION)
  }
}

resource "aws_s3_object" "notebook" {
  for_each = local.notebooks

  bucket       = var.bucket_name
  key          = "${local.notebooks_prefix}${each.key}"
  content      = each.value
  content_type = "application/x-ipynb+json"
  kms_key_id   = var.kms_key_arns.data

  lifecycle {
    # The start script that is in force names the old ones.
    create_before_destroy = true

    precondition {
      condition     = alltrue([for name, line in local.parameter : length(split(line, local.sources[each.key])) == 2])
      error_message = "The notebook ${each.key} must set each of ${join(", ", keys(local.parameter))} once, to the values of `local`; the environment's own take their place."
    }
  }
}
