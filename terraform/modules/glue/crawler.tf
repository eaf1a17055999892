# One crawler per layer: the pipeline runs the raw one before the ETL, the others after it.
resource "aws_glue_crawler" "reviews" {
  for_each = aws_glue_catalog_database.layer

  name                   = "${var.context.name_prefix}-${each.key}-reviews"
  description            = "Catalogues data/${each.key}/reviews as table ${local.table_names.raw_reviews}"
  database_name          = each.value.name
  role                   = module.role.arn
  security_configuration = aws_glue_security_configuration.this.name

  s3_target {
    path = "s3://${var.bucket_name}/data/${each.key}/reviews"
  }

  # By default a crawler creates a separate table for each partition whose columns differ.
  configuration = jsonencode({
    Version = 1.0
    Grouping = {
      TableGroupingPolicy     = "CombineCompatibleSchemas"
      TableLevelConfiguration = 4 # bucket, data, layer, reviews
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
  depends_on = [aws_iam_role_policy.glue, module.role]
}

# There was one crawler, of the raw layer, under the same name.
moved {
  from = aws_glue_crawler.raw_reviews
  to   = aws_glue_crawler.reviews["raw"]
}
