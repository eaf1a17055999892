output "job_name" {
  description = "ETL job of the dataset."
  value       = aws_glue_job.etl.name
}

output "role_arn" {
  description = "Role of crawlers, job and quality evaluations."
  value       = module.role.arn
}

output "crawler_names" {
  description = "Crawlers of the dataset by layer: raw, processed, features."
  value       = { for layer, crawler in aws_glue_crawler.layer : layer => crawler.name }
}

output "table_name" {
  description = "Table of the dataset, which has this name in the database of each layer."
  value       = local.table_name
}

output "quality_ruleset_name" {
  description = "Data quality ruleset of the processed rows."
  value       = aws_glue_data_quality_ruleset.processed.name
}

output "spec_key" {
  description = "Key of the dataset's specification in the bucket."
  value       = aws_s3_object.spec.key
}

output "code_keys" {
  description = "Keys of the ETL's script, library and the dataset's own code in the bucket."
  value       = { for kind, object in aws_s3_object.code : kind => object.key }
}
