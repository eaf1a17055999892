data "aws_partition" "current" {}

locals {
  # Names in SQL cannot carry hyphens unquoted.
  database_prefix = replace(var.context.name_prefix, "-", "_")

  layers = {
    raw       = "As delivered: nothing cleaned, nothing left out"
    processed = "Cleaned and typed, one row per review snippet"
    features  = "Split into train, validation and test; what models read"
  }

  # The crawler names a table after the folder that it finds.
  table_names = { raw_reviews = "reviews" }
}

resource "aws_glue_catalog_database" "layer" {
  for_each = local.layers

  name         = "${local.database_prefix}_${each.key}"
  description  = each.value
  location_uri = "s3://${var.bucket_name}/data/${each.key}/"
}
