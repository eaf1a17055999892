variable "context" {
  description = "Naming."
  type = object({
    name_prefix = string
  })
}

variable "schemas" {
  description = "Avro schemas by name: definition (JSON), compatibility of later versions, description."
  type = map(object({
    definition    = string
    compatibility = optional(string, "BACKWARD")
    description   = optional(string, "")
  }))

  validation {
    condition     = alltrue([for schema in values(var.schemas) : can(jsondecode(schema.definition).name)])
    error_message = "schemas.definition must be an Avro record in JSON with a name, got ${jsonencode([for name, schema in var.schemas : name if !can(jsondecode(schema.definition).name)])}."
  }

  validation {
    condition     = alltrue([for schema in values(var.schemas) : contains(["NONE", "DISABLED", "BACKWARD", "BACKWARD_ALL", "FORWARD", "FORWARD_ALL", "FULL", "FULL_ALL"], schema.compatibility)])
    error_message = "schemas.compatibility must be one of Glue's eight modes, got ${jsonencode([for schema in values(var.schemas) : schema.compatibility])}."
  }
}
