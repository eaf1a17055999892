variable "context" {
  description = "Name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "blueprint" {
  description = "The batch blueprint: default request parameters, and how inputs are read and split."
  type = object({
    name       = string
    parameters = optional(any, {})
    limits = optional(object({
      max_tokens       = optional(number)
      max_total_tokens = optional(number)
    }), {})
    batch = optional(object({
      format           = optional(string, "auto")
      column           = optional(string)
      id               = optional(string)
      types            = optional(map(string), {})
      delimiter        = optional(string, ",")
      records_per_file = optional(number, 50000)
      minimum_records  = optional(number, 100)
      maximum_records  = optional(number, 1000000)
      timeout_hours    = optional(number, 24)
      on_arrival       = optional(bool, true)
      prices = optional(object({
        usd_per_million_input_tokens  = optional(number)
        usd_per_million_output_tokens = optional(number)
      }), {})
    }), {})
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint.name)) && length("${var.context.name_prefix}-${var.blueprint.name}") <= 40
    error_message = "blueprint.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter, and have at most 40 characters with context.name_prefix, since the names of jobs begin with them; received \"${var.context.name_prefix}-${var.blueprint.name}\"."
  }

  validation {
    condition     = contains(["auto", "jsonlines", "csv", "text", "parquet"], var.blueprint.batch.format)
    error_message = "blueprint.batch.format must be auto, jsonlines, csv, text or parquet; received \"${var.blueprint.batch.format}\"."
  }

  validation {
    condition     = contains([",", ";", "|", "tab"], var.blueprint.batch.delimiter)
    error_message = "blueprint.batch.delimiter must be a comma, a semicolon, a vertical bar or the word tab; received \"${var.blueprint.batch.delimiter}\"."
  }

  validation {
    condition     = var.blueprint.batch.records_per_file >= 1 && var.blueprint.batch.records_per_file <= 50000
    error_message = "blueprint.batch.records_per_file must be from 1 to 50000, the most that Bedrock takes in one job; received ${var.blueprint.batch.records_per_file}."
  }

  validation {
    condition     = var.blueprint.batch.minimum_records >= 1 && var.blueprint.batch.minimum_records * 2 <= var.blueprint.batch.records_per_file && var.blueprint.batch.maximum_records >= var.blueprint.batch.minimum_records
    error_message = "blueprint.batch.minimum_records must be from 1 to half of records_per_file (half of a split input must still be enough) and no more than maximum_records; received ${var.blueprint.batch.minimum_records}, ${var.blueprint.batch.records_per_file} and ${var.blueprint.batch.maximum_records}."
  }

  validation {
    condition     = var.blueprint.batch.timeout_hours >= 24 && var.blueprint.batch.timeout_hours <= 168
    error_message = "blueprint.batch.timeout_hours must be from 24 to 168, as Bedrock has it; received ${var.blueprint.batch.timeout_hours}."
  }

  validation {
    condition     = length([for usd in values(var.blueprint.batch.prices) : usd if usd != null]) != 1
    error_message = "blueprint.batch.prices must have both token prices or none, since a missing price does not mean 0; received ${jsonencode(var.blueprint.batch.prices)}."
  }

  validation {
    condition     = alltrue([for figure in values(var.blueprint.limits) : figure == null ? true : figure >= 1 && floor(figure) == figure])
    error_message = "blueprint.limits must be whole numbers from 1; received ${jsonencode(var.blueprint.limits)}."
  }

  validation {
    condition     = alltrue([for type in values(var.blueprint.batch.types) : contains(["string", "bigint", "double", "boolean"], type)])
    error_message = "blueprint.batch.types must be string, bigint, double or boolean; received ${jsonencode(var.blueprint.batch.types)}."
  }
}

variable "model_id" {
  description = "Foundation model id (amazon.nova-lite-v1:0) or system inference profile id (us.amazon.nova-lite-v1:0)."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-zA-Z0-9_:-]+)+$", var.model_id))
    error_message = "model_id must be a foundation model id or a system inference profile id such as amazon.nova-lite-v1:0 or us.amazon.nova-lite-v1:0 (batch jobs run on demand, customized models do not); received \"${var.model_id}\"."
  }
}

variable "kms_key_arn" {
  description = "Key that the answers are encrypted with: the data bucket's."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the role, by policy name, such as bucket."
  type        = map(string)
}

variable "submitter" {
  description = "Function that turns objects into jobs, and finished jobs into results, and its role."
  type = object({
    name      = string
    role_name = string
  })
}

variable "crawler_name" {
  description = "Crawler that the submitter starts when a request has ended."
  type        = string
}

variable "routes_prefix" {
  description = "SSM path of the route records, e.g. /mlops/dev/routes."
  type        = string

  validation {
    condition     = startswith(var.routes_prefix, "/") && !endswith(var.routes_prefix, "/")
    error_message = "routes_prefix must start with a slash and not end with one; received \"${var.routes_prefix}\"."
  }
}
