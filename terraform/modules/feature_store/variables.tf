variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "bucket_name" {
  description = "The data bucket: the offline store is in data/features/offline/, the job's script in artifacts/code/features/."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the data: offline store, online store and script."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "boundary_arn" {
  description = "Boundary of the roles."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:policy/", var.boundary_arn))
    error_message = "boundary_arn must be the ARN of an IAM policy, got '${var.boundary_arn}'."
  }
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant, by role and policy name: the offline store writes its prefix and sets object ACLs, the job reads features and its script and writes its ledger and reports."
  type = object({
    store     = map(string)
    ingestion = map(string)
  })
}

variable "database_name" {
  description = "Glue database that gets the table of the offline store; it has to be there."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9_]{1,255}$", var.database_name))
    error_message = "database_name must be a Glue database of a-z, 0-9 and _, got '${var.database_name}'."
  }
}

variable "dataset" {
  description = "The dataset: its name, the column that identifies a row, and the types of its columns (String, Integral or Fractional)."
  type = object({
    name              = string
    record_identifier = string
    features          = map(string)
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.dataset.name))
    error_message = "dataset.name must be 2 to 32 characters of a-z, 0-9 and '-', starting with a letter; got '${var.dataset.name}'."
  }

  validation {
    condition     = alltrue([for type in values(var.dataset.features) : contains(["String", "Integral", "Fractional"], type)])
    error_message = "dataset.features must be of the types String, Integral and Fractional, got ${jsonencode(var.dataset.features)}."
  }

  validation {
    # Names that Feature Store takes, except its own columns and those that the job adds.
    condition     = alltrue([for name in keys(var.dataset.features) : can(regex("^[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}$", name)) && !contains(["event_time", "split", "is_deleted", "write_time", "api_invocation_time"], name)])
    error_message = "dataset.features must have names of letters, digits, '-' and '_' other than event_time, split, is_deleted, write_time and api_invocation_time, got ${jsonencode(keys(var.dataset.features))}."
  }

  validation {
    condition     = contains(keys(var.dataset.features), var.dataset.record_identifier)
    error_message = "dataset.record_identifier must be one of the features ${jsonencode(keys(var.dataset.features))}, got '${var.dataset.record_identifier}'."
  }
}

variable "security_configuration_name" {
  description = "Glue security configuration of the job: encrypted logs."
  type        = string

  validation {
    condition     = length(var.security_configuration_name) > 0
    error_message = "security_configuration_name must name a Glue security configuration: without one the job's logs are not encrypted with our key; got '${var.security_configuration_name}'."
  }
}

variable "online" {
  description = "Whether the newest version of each record can be read in milliseconds. Billed per write, read and GB-month; a change replaces the group."
  type        = bool
  default     = false
}

variable "ingestion" {
  description = "The job: its script, its share of a DPU (a sixteenth has 1 GB of memory), and when it is ended."
  type = object({
    script_path     = string
    capacity        = optional(number, 0.0625)
    timeout_minutes = optional(number, 60)
  })

  validation {
    condition     = contains([0.0625, 1], var.ingestion.capacity)
    error_message = "ingestion.capacity must be 0.0625 or 1 (all that Python shell has), got ${var.ingestion.capacity}."
  }

  validation {
    condition     = var.ingestion.timeout_minutes >= 1 && var.ingestion.timeout_minutes <= 2880
    error_message = "ingestion.timeout_minutes must lie between 1 and 2880, got ${var.ingestion.timeout_minutes}."
  }

  validation {
    condition     = fileexists(var.ingestion.script_path)
    error_message = "ingestion.script_path must name an existing file, got '${var.ingestion.script_path}'."
  }
}
