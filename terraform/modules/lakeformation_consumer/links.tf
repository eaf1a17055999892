locals {
  grants = merge([for name, share in var.shares : { for position, arn in share.reader_role_arns : "${name}/${position}" => merge(share, { name = name, reader = arn }) }]...)
}

# A reference, never a copy: queries go to the producer's tables.
resource "aws_glue_catalog_database" "link" {
  for_each = var.shares

  name        = "${replace(var.context.name_prefix, "-", "_")}_shared_${each.key}"
  description = "Shared by account ${each.value.producer_account_id}"

  target_database {
    catalog_id    = each.value.producer_account_id
    database_name = each.value.database
    region        = var.context.region
  }
}

# Describing the link requires permission on the link; reading requires permission on the producer's tables.
resource "aws_lakeformation_permissions" "describe" {
  for_each = local.grants

  principal   = each.value.reader
  permissions = ["DESCRIBE"]

  database {
    name = aws_glue_catalog_database.link[each.value.name].name
  }

  # Only an administrator can grant.
  depends_on = [aws_lakeformation_data_lake_settings.this]
}

resource "aws_lakeformation_permissions" "read" {
  for_each = local.grants

  principal   = each.value.reader
  permissions = ["DESCRIBE", "SELECT"]

  table {
    catalog_id    = each.value.producer_account_id
    database_name = each.value.database
    name          = each.value.table
    wildcard      = each.value.table == null ? true : null
  }

  depends_on = [aws_lakeformation_data_lake_settings.this]
}
