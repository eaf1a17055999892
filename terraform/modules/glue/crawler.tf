resource "aws_glue_crawler" "raw_reviews" {
  name                   = "${var.context.name_prefix}-raw-reviews"
  description            = "Catalogues data/raw/reviews as table ${local.table_names.raw_reviews}"
  database_name          = aws_glue_catalog_database.layer["raw"].name
  role                   = aws_iam_role.glue.arn
  security_configuration = aws_glue_security_configuration.this.name

  s3_target {
    path = "s3://${var.bucket_name}/data/raw/reviews"
  }

  # Raw files expire after 30 days: a table that finds its folder empty is logged, not dropped.
  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }

  recrawl_policy {
    recrawl_behavior = "CRAWL_EVERYTHING"
  }

  # A crawler tests its role when it is made.
  depends_on = [aws_iam_role_policy.glue, aws_iam_role_policy.handed_out]
}
