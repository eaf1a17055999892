variable "context" {
  description = "Name prefix, account, region and log retention."
  type = object({
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = optional(number, 30)
  })
}

variable "stage_name" {
  description = "Name of the one stage."
  type        = string
  default     = "v1"

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage_name))
    error_message = "stage_name must be 1 to 128 letters, digits, hyphens and underscores; received \"${var.stage_name}\"."
  }
}

variable "methods" {
  description = "Inference methods by path segment, /<method>/{blueprint}, each with the function that its integration invokes. Must not refer to a resource with a fixed name: the deployment and everything it refers to are created before their predecessors are destroyed."
  type = map(object({
    invoke_arn = string
  }))

  validation {
    condition     = length(var.methods) > 0 && alltrue([for method in keys(var.methods) : contains(["realtime", "serverless"], method)])
    error_message = "methods must have at least one of realtime and serverless, and no other (async and batch are jobs); received [${join(", ", keys(var.methods))}]."
  }
}

variable "openai" {
  description = "Function that serves the OpenAI-compatible API, /v1/chat/completions and so on; null disables it. As in methods: no reference to a resource with a fixed name."
  type = object({
    invoke_arn = string
  })
  default = null
}

variable "jobs" {
  description = "Function that serves asynchronous and batch requests, /async/{blueprint} and /batch/{blueprint}; null disables them. As in methods: no reference to a resource with a fixed name."
  type = object({
    invoke_arn = string
  })
  default = null
}

variable "authorizer" {
  description = "Authorizer that resolves a token to an API key and its blueprints. As in methods: no reference to a resource with a fixed name."
  type = object({
    invoke_arn = string
  })
}

variable "function_names" {
  description = "Names of the functions that the API may invoke: one per method, openai, jobs and authorizer."
  type        = map(string)

  validation {
    condition     = toset(keys(var.function_names)) == toset(concat(keys(var.methods), ["authorizer"], var.openai == null ? [] : ["openai"], var.jobs == null ? [] : ["jobs"]))
    error_message = "function_names must name one function for each of [${join(", ", concat(["authorizer"], keys(var.methods), var.openai == null ? [] : ["openai"], var.jobs == null ? [] : ["jobs"]))}]; received [${join(", ", keys(var.function_names))}]."
  }
}

variable "auth" {
  description = "Authentication methods besides API keys: iam for signed requests under /iam/, cognito for tokens of existing user pools under /cognito/ (scopes: the access token must contain one of them; none: ID tokens)."
  type = object({
    iam = optional(bool, false)
    cognito = optional(object({
      user_pool_arns = list(string)
      scopes         = optional(list(string), [])
    }))
  })
  default = {}

  validation {
    condition     = var.auth.cognito == null ? true : length(var.auth.cognito.user_pool_arns) > 0 && alltrue([for arn in var.auth.cognito.user_pool_arns : can(regex("^arn:[a-z-]+:cognito-idp:${var.context.region}:\\d{12}:userpool/[\\w-]+$", arn))])
    error_message = "auth.cognito.user_pool_arns must name user pools of ${var.context.region}; received ${jsonencode(try(var.auth.cognito.user_pool_arns, null))}."
  }
}

variable "callers" {
  description = "Callers with their own API key, by name: the blueprints that the key may call (\"*\": all) and its limits. The default key may call every blueprint."
  type = map(object({
    blueprints = set(string)
    throttle = optional(object({
      rate_per_second = number
      burst           = number
    }))
    quota_per_day = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.callers) : can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", name)) && name != "default"])
    error_message = "callers: names must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter, and not \"default\"; received [${join(", ", keys(var.callers))}]."
  }

  validation {
    condition = alltrue(flatten([
      for key in var.callers : [length(key.blueprints) > 0, [for blueprint in key.blueprints : can(regex("^(\\*|[a-z][a-z0-9-]{0,30}[a-z0-9])$", blueprint))]]
    ]))
    error_message = "callers: each key needs at least one blueprint, by its name or \"*\"; received ${jsonencode({ for name, key in var.callers : name => key.blueprints })}."
  }

  validation {
    condition = alltrue([
      for key in var.callers : (key.quota_per_day == null ? true : key.quota_per_day >= 1) && (key.throttle == null ? true : key.throttle.rate_per_second > 0 && key.throttle.burst >= 1)
    ])
    error_message = "callers: rate_per_second must be above 0, burst and quota_per_day at least 1; received ${jsonencode(var.callers)}."
  }
}

variable "keys_prefix" {
  description = "Path of the parameters with the keys' hashes, without a trailing slash."
  type        = string

  validation {
    condition     = can(regex("^(/[a-zA-Z0-9_.-]+)+$", var.keys_prefix))
    error_message = "keys_prefix must be a path such as /project/environment/api-keys; received \"${var.keys_prefix}\"."
  }
}

variable "kms_key_arns" {
  description = "Keys: logs for the log groups, keys for the parameters that hold the hashes of API keys."
  type = object({
    keys = string
    logs = string
  })
}

variable "throttle" {
  description = "Rate and burst limit of the stage, and of each API key without its own limits."
  type = object({
    rate_per_second = optional(number, 50)
    burst           = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.throttle.rate_per_second > 0 && var.throttle.burst >= 1
    error_message = "throttle.rate_per_second must be above 0 and throttle.burst at least 1; received ${var.throttle.rate_per_second} and ${var.throttle.burst}."
  }
}

variable "quota_per_day" {
  description = "Requests per day of each API key without its own quota."
  type        = number
  default     = 100000

  validation {
    condition     = var.quota_per_day >= 1
    error_message = "quota_per_day must be at least 1; received ${var.quota_per_day}."
  }
}

variable "boundary_arn" {
  description = "Permissions boundary of the role with which API Gateway writes logs."
  type        = string
}
