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

variable "blueprint" {
  description = "The serverless blueprint. Its endpoint is called <name_prefix>-<name>."
  type = object({
    name = string
    serverless = optional(object({
      memory_mb               = optional(number, 2048)
      max_concurrency         = optional(number, 5)
      provisioned_concurrency = optional(number)
    }), {})
    parameters = optional(any, {})
    format     = optional(string, "inputs")
    golden     = optional(any, [])
    limits = optional(object({
      max_tokens       = optional(number)
      max_inputs       = optional(number)
      max_total_tokens = optional(number)
    }), {})
    routing = optional(object({
      fallback      = optional(list(string), [])
      share_percent = optional(map(number), {})
      shadow = optional(object({
        blueprint = string
        percent   = optional(number, 10)
      }))
      retries          = optional(number)
      cooldown_seconds = optional(number)
      timeout_seconds  = optional(number)
    }), {})
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint.name))
    error_message = "blueprint.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint.name}\"."
  }

  validation {
    # The pipeline probes new versions on temporary endpoints called <prefix>-candidate-<run>.
    condition     = !startswith(var.blueprint.name, "candidate")
    error_message = "blueprint.name must not start with \"candidate\", which is reserved for the pipeline's temporary endpoints; received \"${var.blueprint.name}\"."
  }

  validation {
    # SageMaker allows 63 characters; a hash of 8 and a version's number follow the endpoint's name.
    condition     = length("${var.context.name_prefix}-${var.blueprint.name}") <= 48
    error_message = "context.name_prefix and blueprint.name must together have at most 48 characters with their hyphen; received \"${var.context.name_prefix}-${var.blueprint.name}\"."
  }

  validation {
    condition     = contains([1024, 2048, 3072, 4096, 5120, 6144], var.blueprint.serverless.memory_mb)
    error_message = "blueprint.serverless.memory_mb must be 1024 to 6144 in steps of 1024, as SageMaker Serverless Inference offers it; received ${var.blueprint.serverless.memory_mb}."
  }

  validation {
    condition     = var.blueprint.serverless.max_concurrency >= 1 && var.blueprint.serverless.max_concurrency <= 200 && floor(var.blueprint.serverless.max_concurrency) == var.blueprint.serverless.max_concurrency
    error_message = "blueprint.serverless.max_concurrency must be a whole number from 1 to 200; received ${var.blueprint.serverless.max_concurrency}."
  }

  validation {
    condition     = var.blueprint.serverless.provisioned_concurrency == null ? true : var.blueprint.serverless.provisioned_concurrency >= 1 && var.blueprint.serverless.provisioned_concurrency <= var.blueprint.serverless.max_concurrency
    error_message = "blueprint.serverless.provisioned_concurrency must be from 1 to max_concurrency (${var.blueprint.serverless.max_concurrency}); received ${coalesce(var.blueprint.serverless.provisioned_concurrency, 0)}."
  }

  validation {
    # `primary` is the target of the blueprint's own.
    condition     = alltrue([for name in concat(var.blueprint.routing.fallback, keys(var.blueprint.routing.share_percent), var.blueprint.routing.shadow[*].blueprint) : can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", name)) && !contains([var.blueprint.name, "primary"], name)])
    error_message = "blueprint.routing must name other blueprints, none called primary; received [${join(", ", concat(var.blueprint.routing.fallback, keys(var.blueprint.routing.share_percent), var.blueprint.routing.shadow[*].blueprint))}]."
  }

  validation {
    condition     = alltrue([for percent in concat(values(var.blueprint.routing.share_percent), var.blueprint.routing.shadow[*].percent) : percent > 0 && percent <= 100]) && sum(concat([0], values(var.blueprint.routing.share_percent))) <= 100
    error_message = "blueprint.routing must have percentages above 0 and up to 100, and shares that together are at most 100; received ${jsonencode(var.blueprint.routing)}."
  }

  validation {
    # Limits of the router's own settings.
    condition     = alltrue([for figure in var.blueprint.routing.retries[*] : figure >= 0 && figure <= 10]) && alltrue([for figure in var.blueprint.routing.cooldown_seconds[*] : figure >= 0 && figure <= 3600]) && alltrue([for figure in var.blueprint.routing.timeout_seconds[*] : figure >= 1 && figure <= 25])
    error_message = "blueprint.routing must have retries from 0 to 10, cooldown_seconds from 0 to 3600 and timeout_seconds from 1 to 25; received ${jsonencode(var.blueprint.routing)}."
  }

  validation {
    condition     = alltrue([for figure in values(var.blueprint.limits) : figure == null ? true : figure >= 1 && floor(figure) == figure])
    error_message = "blueprint.limits must be whole numbers from 1; received ${jsonencode(var.blueprint.limits)}."
  }

  validation {
    condition     = contains(["inputs", "jsonlines", "json", "csv", "classify", "embed", "text", "messages"], var.blueprint.format)
    error_message = "blueprint.format must be inputs, jsonlines, json, csv, classify, embed, text or messages; received \"${var.blueprint.format}\"."
  }

  validation {
    condition     = can([for case in var.blueprint.golden : case.input])
    error_message = "blueprint.golden must be a list of cases that each have an input; received ${jsonencode(var.blueprint.golden)}."
  }
}

variable "refused" {
  description = "Options of other kinds. They are taken so that each is refused with its reason, instead of being dropped."
  type = object({
    network                  = optional(object({ subnet_ids = list(string), security_group_ids = list(string) }))
    enable_network_isolation = optional(bool)
    data_capture             = optional(object({ sampling_percent = optional(number, 100) }))
    variants                 = optional(map(any))
  })
  default = {}

  validation {
    condition     = var.refused.network == null
    error_message = "refused.network must not be given: SageMaker Serverless Inference has no VPC; received ${jsonencode(var.refused.network)}."
  }

  validation {
    condition     = !coalesce(var.refused.enable_network_isolation, false)
    error_message = "refused.enable_network_isolation must not be given: SageMaker Serverless Inference has no network isolation; received ${jsonencode(var.refused.enable_network_isolation)}."
  }

  validation {
    condition     = var.refused.data_capture == null
    error_message = "refused.data_capture must not be given: SageMaker Serverless Inference captures no data; received ${jsonencode(var.refused.data_capture)}."
  }

  validation {
    condition     = length(coalesce(var.refused.variants, {})) == 0
    error_message = "refused.variants must not be given: SageMaker Serverless Inference has one variant per endpoint; received ${jsonencode(var.refused.variants)}."
  }
}

variable "model_group" {
  description = "Group of the model registry that versions come from: its key in the environment files, and its name."
  type = object({
    key  = string
    name = string
  })
}

variable "model_version" {
  description = "The live model version. Only the first apply uses it: later versions reach the endpoint as releases."
  type = object({
    model_package_arn = string
    model_data_url    = string
    image             = string
    files_sha256      = optional(string)
  })

  validation {
    # Versions registered before archives had a hash do not have one.
    condition     = var.model_version.files_sha256 == null || can(regex("^s3://[^/]+/artifacts/models/registered/[0-9a-f]{64}/model\\.tar\\.gz$", var.model_version.model_data_url))
    error_message = "model_version.model_data_url must be a registered archive, artifacts/models/registered/<sha256>/model.tar.gz; received \"${var.model_version.model_data_url}\"."
  }

  validation {
    condition     = startswith(var.model_version.model_data_url, "s3://${var.bucket_name}/")
    error_message = "model_version.model_data_url must be in the data bucket \"${var.bucket_name}\"; received \"${var.model_version.model_data_url}\"."
  }

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[^:@]+[:@].+$", var.model_version.image))
    error_message = "model_version.image must be an ECR image with a tag or digest; received \"${var.model_version.image}\"."
  }
}

variable "kms_key_arn" {
  description = "Key of the log group. A serverless endpoint has no volumes to encrypt."
  type        = string
}

variable "bucket_name" {
  description = "The data bucket that holds model artifacts."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the endpoint's role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the endpoint's role, by policy name, such as bucket (artifacts) and execution."
  type        = map(string)
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

variable "thresholds" {
  description = "When the alarms fire: model latency (p99), share of failed invocations, and the longest cold start."
  type = object({
    latency_ms         = optional(number, 2000)
    error_rate_percent = optional(number, 5)
    cold_start_ms      = optional(number, 30000)
  })
  default = {}
}
