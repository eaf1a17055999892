variable "context" {
  description = "Identity of the environment. `name_prefix` is <project>-<environment>."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    protected          = optional(bool, false)
    tags               = map(string)
    log_retention_days = number
  })

  validation {
    condition     = can(regex("^\\d{12}$", var.context.account_id))
    error_message = "context.account_id must be 12 digits, got '${var.context.account_id}'."
  }

  validation {
    condition     = length(setsubtract(["project", "environment", "owner", "cost-center", "managed-by", "phase"], keys(var.context.tags))) == 0
    error_message = "context.tags must have project, environment, owner, cost-center, managed-by and phase, got ${jsonencode(keys(var.context.tags))}."
  }
}

variable "provider_options" {
  description = "How the provider talks to AWS; a local AWS needs path-style buckets and few retries."
  type = object({
    s3_use_path_style = optional(bool, false)
    max_retries       = optional(number, 25)
  })
  default = {}
}

variable "inference" {
  description = "Limits and authentication methods of the inference API, its keys, and whether functions run in the VPC."
  type = object({
    throttle = optional(object({
      rate_per_second = optional(number, 50)
      burst           = optional(number, 100)
    }), {})
    quota_per_day     = optional(number, 100000)
    lambda_in_vpc     = optional(bool, false)
    parquet_layer_arn = optional(string)
    waf               = optional(bool, false)
    auth = optional(object({
      iam = optional(bool, false)
      cognito = optional(object({
        user_pool_arns = list(string)
        scopes         = optional(list(string), [])
      }))
    }), {})
    api_keys = optional(map(object({
      blueprints = set(string)
      throttle = optional(object({
        rate_per_second = number
        burst           = number
      }))
      quota_per_day = optional(number)
    })), {})
  })
  default = {}
}

locals {
  required_packages = ["model_router", "token_authorizer", "job_api", "batch_submitter"]
}

variable "packages" {
  description = "Built files by name; here those of the functions of this phase."
  type = map(object({
    path          = string
    sha256_base64 = string
  }))

  validation {
    condition     = length(setsubtract(local.required_packages, keys(var.packages))) == 0
    error_message = "packages must have ${join(", ", local.required_packages)}; received [${join(", ", keys(var.packages))}]."
  }

  validation {
    # The values may be older than the files, and the plan would then deploy files that were not planned.
    condition = alltrue([
      for name in local.required_packages : try(filebase64sha256(var.packages[name].path) == var.packages[name].sha256_base64, false) if contains(keys(var.packages), name)
    ])
    error_message = "packages: sha256_base64 must be the hash of the file at path. Build the packages again; received ${jsonencode(var.packages)}."
  }
}

variable "bedrock" {
  description = "Settings of Bedrock that an account has once per region: whether calls of models are logged, and of which kinds the bodies."
  type = object({
    invocation_logging = optional(object({
      enabled = optional(bool, false)
      bodies = optional(object({
        text       = optional(bool, false)
        images     = optional(bool, false)
        embeddings = optional(bool, false)
        videos     = optional(bool, false)
      }), {})
    }), {})
  })
  default = {}
}
