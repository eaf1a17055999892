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
  description = "Inference methods by path segment, /<method>/{blueprint}, each with what its integration calls. Must not refer to a resource of fixed name: the deployment is created before its predecessor is destroyed, and so is all that it refers to."
  type = map(object({
    invoke_arn = string
  }))

  validation {
    condition     = length(var.methods) > 0 && alltrue([for method in keys(var.methods) : contains(["realtime", "serverless"], method)])
    error_message = "methods must have at least one of realtime and serverless, and no other (async and batch are jobs); received [${join(", ", keys(var.methods))}]."
  }
}

variable "openai" {
  description = "What answers the OpenAI face, /v1/chat/completions and its siblings; null leaves it out. As in methods: no reference to a resource of fixed name."
  type = object({
    invoke_arn = string
  })
  default = null
}

variable "jobs" {
  description = "What takes and follows requests that nobody waits for, /async/{blueprint} and /batch/{blueprint}; null leaves them out. As in methods: no reference to a resource of fixed name."
  type = object({
    invoke_arn = string
  })
  default = null
}

variable "authorizer" {
  description = "What turns a token into an API key and the blueprints it is good for. As in methods: no reference to a resource of fixed name."
  type = object({
    invoke_arn = string
  })
}

variable "function_names" {
  description = "The function behind each method, the OpenAI face (openai), the jobs (jobs) and the authorizer, which the API may then call."
  type        = map(string)

  validation {
    condition     = toset(keys(var.function_names)) == toset(concat(keys(var.methods), ["authorizer"], var.openai == null ? [] : ["openai"], var.jobs == null ? [] : ["jobs"]))
    error_message = "function_names must name one function for each of [${join(", ", concat(["authorizer"], keys(var.methods), var.openai == null ? [] : ["openai"], var.jobs == null ? [] : ["jobs"]))}]; received [${join(", ", keys(var.function_names))}]."
  }
}

variable "auth" {
  description = "Doors beside that of the API keys: iam for signed requests under /iam/, cognito for tokens of existing user pools under /cognito/ (scopes: one of them must be in the access token; none: ID tokens)."
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
  description = "Callers with an API key of their own beside the default one, by name: the blueprints each is good for (\"*\": all), and limits of its own. Whoever has the default key may ask every blueprint."
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
  description = "Path of the parameters with the keys' hashes, without a slash at its end."
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
  description = "Requests that the stage may make, and each API key without limits of its own."
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
  description = "Requests per day and API key without a quota of its own."
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
