output "registry_name" {
  description = "The registry."
  value       = aws_glue_registry.this.registry_name
}

output "schema_arns" {
  description = "Schemas by name."
  value       = { for name, schema in aws_glue_schema.this : name => schema.arn }
}
