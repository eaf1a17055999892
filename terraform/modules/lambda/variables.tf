variable "context" {
  description = "Name prefix, project, environment, account, region and log retention."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = optional(number, 30)
  })
}

variable "function" {
  description = "The function. Its full name is <name_prefix>-<name>."
  type = object({
    name                 = string
    description          = string
    handler              = string
    runtime              = optional(string, "python3.12")
    architecture         = optional(string, "arm64")
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 60)
    environment          = optional(map(string), {})
    layers               = optional(list(string), [])
    reserved_concurrency = optional(number, -1)
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.function.name))
    error_message = "function.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.function.name}\"."
  }

  validation {
    condition     = length("${var.context.name_prefix}-${var.function.name}") <= 64
    error_message = "context.name_prefix and function.name must together have at most 64 characters with their hyphen; received \"${var.context.name_prefix}-${var.function.name}\"."
  }

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_]*([./][A-Za-z_][A-Za-z0-9_]*)+$", var.function.handler))
    error_message = "function.handler must be a module path and a function name, for example job_api.handler.handler; received \"${var.function.handler}\"."
  }

  validation {
    condition     = contains(["arm64", "x86_64"], var.function.architecture)
    error_message = "function.architecture must be arm64 or x86_64; received \"${var.function.architecture}\"."
  }

  validation {
    condition     = var.function.memory_mb >= 128 && var.function.memory_mb <= 10240
    error_message = "function.memory_mb must be between 128 and 10240; received ${var.function.memory_mb}."
  }

  validation {
    condition     = var.function.timeout_seconds >= 1 && var.function.timeout_seconds <= 900
    error_message = "function.timeout_seconds must be between 1 and 900; received ${var.function.timeout_seconds}."
  }

  validation {
    condition     = length(var.function.layers) <= 5 && alltrue([for arn in var.function.layers : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[^:]+:[0-9]+$", arn))])
    error_message = "function.layers must be at most 5 ARNs of layer versions; received ${jsonencode(var.function.layers)}."
  }

  validation {
    condition     = var.function.reserved_concurrency >= -1
    error_message = "function.reserved_concurrency must be -1 (none reserved) or more; received ${var.function.reserved_concurrency}."
  }
}

variable "package" {
  description = "The function's zip, built beforehand: equal sources give equal bytes."
  type = object({
    path          = string
    sha256_base64 = string
  })
}

variable "bucket_name" {
  description = "Bucket that the zip is delivered through, below artifacts/code/lambda/."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: environment for the function's variables and its zip (the bucket's data key), logs for its log group."
  type = object({
    environment = string
    logs        = string
  })
}

variable "boundary_arn" {
  description = "Permissions boundary of the function's role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the role, by policy name."
  type        = map(string)
  default     = {}
}

variable "network" {
  description = "Subnets and security groups of the function, and the policy document that allows the role to attach to them; null leaves the function outside the VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
    policy_document    = string
  })
  default = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "network needs at least one subnet and one security group; received ${try(length(var.network.subnet_ids), 0)} and ${try(length(var.network.security_group_ids), 0)}."
  }
}

variable "asynchronous" {
  description = "For functions that events invoke: where events end that the function could not handle. null for functions that are called and answer."
  type = object({
    dead_letter_arn           = string
    maximum_retry_attempts    = optional(number, 2)
    maximum_event_age_seconds = optional(number, 3600)
  })
  default = null

  validation {
    condition     = var.asynchronous == null ? true : contains([0, 1, 2], var.asynchronous.maximum_retry_attempts)
    error_message = "asynchronous.maximum_retry_attempts must be 0, 1 or 2; received ${try(var.asynchronous.maximum_retry_attempts, "-")}."
  }

  validation {
    condition     = var.asynchronous == null ? true : var.asynchronous.maximum_event_age_seconds >= 60 && var.asynchronous.maximum_event_age_seconds <= 21600
    error_message = "asynchronous.maximum_event_age_seconds must be between 60 and 21600; received ${try(var.asynchronous.maximum_event_age_seconds, "-")}."
  }
}
