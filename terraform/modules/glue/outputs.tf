output "database_names" {
  description = "Databases by layer: raw, processed, features."
  value       = { for layer, database in aws_glue_catalog_database.layer : layer => database.name }
}

output "table_names" {
  description = "Tables that the crawlers create; each layer has one with this name."
  value       = local.table_names
}

output "crawler_names" {
  description = "Crawlers of the reviews by layer: raw, processed, features."
  value       = { for layer, crawler in aws_glue_crawler.reviews : layer => crawler.name }
}

output "quality_ruleset_name" {
  description = "Data quality ruleset of the processed reviews."
  value       = aws_glue_data_quality_ruleset.processed_reviews.name
}

output "job_name" {
  description = "ETL job of the reviews."
  value       = aws_glue_job.reviews_etl.name
}

output "security_configuration_name" {
  description = "Security configuration of crawlers and job; other jobs on the same data take it too."
  value       = aws_glue_security_configuration.this.name
}

output "role_arn" {
  description = "Role of crawler and job."
  value       = module.role.arn
}

output "code_keys" {
  description = "Keys of the ETL's script and libraries in the bucket."
  value       = { for kind, object in aws_s3_object.code : kind => object.key }
}

output "spec_key" {
  description = "Key of the dataset's specification in the bucket."
  value       = aws_s3_object.spec.key
}

output "catalog_read_policy_document" {
  description = "Policy document (JSON) that allows reading the environment's databases and tables."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "ReadCatalog"
      Effect = "Allow"
      Action = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
      Resource = [
        "${local.glue_arn}:catalog",
        "${local.glue_arn}:database/${local.database_prefix}_*",
        "${local.glue_arn}:table/${local.database_prefix}_*/*",
      ]
    }]
  })
}
