locals {
  # Checked by Glue Data Quality on the bucket's content after every ETL run.
  quality_rules = [for rule in split("\n", file("${path.module}/quality/reviews.dqdl")) : trimspace(rule) if trimspace(rule) != "" && !startswith(trimspace(rule), "#")]
}

# Without a target table, which would have to exist already: the crawler creates it, and each run names it.
resource "aws_glue_data_quality_ruleset" "processed_reviews" {
  name        = "${var.context.name_prefix}-processed-reviews"
  description = "What must hold of table ${local.table_names.raw_reviews} in ${aws_glue_catalog_database.layer["processed"].name} before anything is trained on it"
  ruleset     = "Rules = [\n  ${join(",\n  ", concat(local.quality_rules, var.extra_quality_rules))}\n]"
}
