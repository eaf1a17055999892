resource "aws_glue_registry" "this" {
  registry_name = "${var.context.name_prefix}-data"
  description   = "What producers promise about the data that they deliver"
}

# Glue registers a new version only if it satisfies `compatibility`.
resource "aws_glue_schema" "this" {
  for_each = var.schemas

  registry_arn      = aws_glue_registry.this.arn
  schema_name       = each.key
  description       = each.value.description
  data_format       = "AVRO"
  compatibility     = each.value.compatibility
  schema_definition = jsonencode(jsondecode(each.value.definition)) # blanks do not make a new version
}
