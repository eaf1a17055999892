variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = optional(number, 30)
  })
}

variable "dataset" {
  description = "Dataset that the records belong to: a folder of data/raw."
  type        = string
  default     = "reviews"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.dataset))
    error_message = "dataset must be 2-32 characters of a-z, 0-9 and '-', got '${var.dataset}'."
  }
}

variable "shards" {
  description = "Shards of the stream (1 MB/s each); null: on demand."
  type        = number
  default     = null

  validation {
    condition     = var.shards == null || try(var.shards >= 1 && floor(var.shards) == var.shards, false)
    error_message = "shards must be a whole number from 1, or null for on demand, got ${coalesce(var.shards, "null")}."
  }
}

variable "retention_hours" {
  description = "How long the stream retains a record."
  type        = number
  default     = 24

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760
    error_message = "retention_hours must lie between 24 and 8760, got ${var.retention_hours}."
  }
}

variable "buffering_seconds" {
  description = "How long Firehose collects before it writes an object."
  type        = number
  default     = 300

  validation {
    condition     = var.buffering_seconds >= 60 && var.buffering_seconds <= 900
    error_message = "buffering_seconds must lie between 60 and 900, got ${var.buffering_seconds}."
  }
}

variable "columns" {
  description = "Columns of a record in order, with their Hive types."
  type        = list(object({ name = string, type = string }))
  default     = [{ name = "id", type = "string" }, { name = "rating", type = "double" }, { name = "text", type = "string" }]

  validation {
    condition     = length(var.columns) > 0
    error_message = "columns must name at least one column; got ${length(var.columns)}."
  }
}

variable "bucket_name" {
  description = "The data bucket."
  type        = string
}

variable "bucket_policy_document" {
  description = "Policy document (JSON) for the bucket: writing data/raw and data/quarantine."
  type        = string
}

variable "database_name" {
  description = "Glue database of the raw layer."
  type        = string
}

variable "kms_key_arns" {
  description = "Key of stream and objects, and key of the log."
  type = object({
    data = string
    logs = string
  })
}

variable "boundary_arn" {
  description = "Boundary of Firehose's role."
  type        = string
}
