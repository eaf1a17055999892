output "database_names" {
  description = "Databases to query, by share: links to the producer's databases."
  value       = { for name, link in aws_glue_catalog_database.link : name => link.name }
}
