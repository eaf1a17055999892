variable "context" {
  description = "Who and where: name prefix, account, region, tags and log retention, the same in every module."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    protected          = optional(bool, false)
    tags               = optional(map(string), {})
    log_retention_days = optional(number, 30)
  })
}

variable "blueprint" {
  description = "The deployment that a team asked for: its name and the default request parameters, e.g. max_tokens."
  type = object({
    name       = string
    kind       = optional(string, "realtime")
    parameters = optional(map(string), {})
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint.name))
    error_message = "blueprint.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint.name}\"."
  }

  validation {
    condition     = contains(["realtime", "serverless"], var.blueprint.kind)
    error_message = "blueprint.kind must be realtime or serverless, the kinds whose callers wait for the answer; received \"${var.blueprint.kind}\"."
  }
}

variable "model_id" {
  description = "Foundation model id (amazon.nova-lite-v1:0) or system inference profile id (us.amazon.nova-lite-v1:0)."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-zA-Z0-9_:-]+)+$", var.model_id))
    error_message = "model_id must be a foundation model id or a system inference profile id such as amazon.nova-lite-v1:0 or us.amazon.nova-lite-v1:0; received \"${var.model_id}\"."
  }
}

variable "topic_arn" {
  description = "SNS topic that receives the alarms."
  type        = string
}

variable "routes_prefix" {
  description = "SSM path of the route records that the model router reads, e.g. /mlops/dev/routes."
  type        = string

  validation {
    condition     = startswith(var.routes_prefix, "/") && !endswith(var.routes_prefix, "/")
    error_message = "routes_prefix must start with a slash and not end with one; received \"${var.routes_prefix}\"."
  }
}

variable "router_role_name" {
  description = "Role of the model router; it is given the right to invoke this profile and nothing else."
  type        = string
}

variable "thresholds" {
  description = "When the alarms fire: latency (p99) and share of failed invocations."
  type = object({
    latency_ms         = optional(number, 30000)
    error_rate_percent = optional(number, 5)
  })
  default = {}
}
