# One crawler per layer: a training runs the raw one before the ETL, the others after it.
resource "aws_glue_crawler" "layer" {
  for_each = var.database_names

  name                   = "${var.context.name_prefix}-${each.key}-${var.dataset.name}"
  description            = "Catalogues data/${each.key}/${var.dataset.name}"
  database_name          = each.value
  role                   = module.role.arn
  security_configuration = var.security_configuration_name

  s3_target {
    path = "s3://${var.bucket_name}/data/${each.key}/${var.dataset.name}"
  }

  # By default a crawler creates a separate table for each partition whose columns differ.
  configuration = jsonencode({
    Version = 1.0
    Grouping = {
      TableGroupingPolicy     = "CombineCompatibleSchemas"
      TableLevelConfiguration = 4 # bucket, data, layer, dataset
    }
    CrawlerOutput = { Partitions = { AddOrUpdateBehavior = "InheritFromTable" } }
  })

  # Raw files expire after 30 days: a table that finds its folder empty is logged, not dropped.
  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }

  recrawl_policy {
    recrawl_behavior = "CRAWL_EVERYTHING"
  }

  # Glue checks the role when the crawler is created.
  depends_on = [aws_iam_role_policy.catalog, module.role]
}

# Checked by Glue Data Quality on the processed rows after every ETL run. Without a target table, which would have to
# exist already: the crawler creates it, and each run names it.
resource "aws_glue_data_quality_ruleset" "processed" {
  name        = "${local.name}-processed"
  description = "What must hold of table ${local.table_name} in ${var.database_names["processed"]} before anything is trained on it"
  ruleset     = "Rules = [\n  ${join(",\n  ", var.dataset.quality_rules)}\n]"
}
