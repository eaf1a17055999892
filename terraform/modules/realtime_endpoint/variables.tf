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
  description = "The real-time blueprint. Its endpoint is called <name_prefix>-<name>."
  type = object({
    name           = string
    instance_type  = optional(string, "ml.m5.large")
    instance_count = optional(number, 1)
    autoscaling = optional(object({
      min                    = optional(number, 1)
      max                    = optional(number, 2)
      invocations_per_minute = optional(number, 200)
    }))
    data_capture = optional(object({
      sampling_percent = optional(number, 100)
    }))
    weight = optional(number, 1)
    variants = optional(map(object({
      weight         = optional(number, 1)
      instance_type  = optional(string, "ml.m5.large")
      instance_count = optional(number, 1)
      version        = optional(number)
    })), {})
    shadow = optional(object({
      sampling_percent = optional(number, 100)
      instance_type    = optional(string, "ml.m5.large")
      instance_count   = optional(number, 1)
      version          = optional(number)
    }))
    multi_model = optional(object({
      default = string
    }))
    containers = optional(object({
      mode   = string
      target = optional(string, "primary")
      others = list(object({ name = string, group = string, version = number }))
    }))
    parameters = optional(any, {})
    format     = optional(string, "inputs")
    golden     = optional(any, [])
    limits = optional(object({
      max_tokens       = optional(number)
      max_inputs       = optional(number)
      max_total_tokens = optional(number)
    }), {})
    rollout = optional(object({
      strategy         = optional(string, "all_at_once")
      step_percent     = optional(number, 20)
      bake_seconds     = optional(number, 120)
      keep_old_seconds = optional(number, 120)
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
    condition     = can(regex("^ml\\.[a-z0-9-]+\\.[a-z0-9]+$", var.blueprint.instance_type))
    error_message = "blueprint.instance_type must be a SageMaker instance type such as ml.m5.large; received \"${var.blueprint.instance_type}\"."
  }

  validation {
    condition     = var.blueprint.instance_count >= 1 && floor(var.blueprint.instance_count) == var.blueprint.instance_count
    error_message = "blueprint.instance_count must be a whole number of at least 1; received ${var.blueprint.instance_count}."
  }

  validation {
    condition     = var.blueprint.autoscaling == null ? true : var.blueprint.autoscaling.min >= 1 && var.blueprint.autoscaling.min <= var.blueprint.autoscaling.max
    error_message = "blueprint.autoscaling must satisfy 1 <= min <= max; received min ${try(var.blueprint.autoscaling.min, "-")}, max ${try(var.blueprint.autoscaling.max, "-")}."
  }

  validation {
    condition     = var.blueprint.data_capture == null ? true : var.blueprint.data_capture.sampling_percent >= 1 && var.blueprint.data_capture.sampling_percent <= 100
    error_message = "blueprint.data_capture.sampling_percent must be between 1 and 100; received ${try(var.blueprint.data_capture.sampling_percent, "-")}."
  }

  validation {
    condition     = contains(["all_at_once", "canary", "linear"], var.blueprint.rollout.strategy)
    error_message = "blueprint.rollout.strategy must be all_at_once, canary or linear; received \"${var.blueprint.rollout.strategy}\"."
  }

  validation {
    # SageMaker's limits: a step is a tenth to half of the fleet.
    condition     = var.blueprint.rollout.step_percent >= 10 && var.blueprint.rollout.step_percent <= 50
    error_message = "blueprint.rollout.step_percent must be from 10 to 50; received ${var.blueprint.rollout.step_percent}."
  }

  validation {
    condition     = var.blueprint.rollout.strategy == "all_at_once" || max(var.blueprint.instance_count, try(var.blueprint.autoscaling.min, 1)) >= 2
    error_message = "blueprint.rollout.strategy ${var.blueprint.rollout.strategy} moves a part of the fleet at a time and needs at least 2 instances; received ${var.blueprint.instance_count}."
  }

  validation {
    condition     = min(var.blueprint.rollout.bake_seconds, var.blueprint.rollout.keep_old_seconds) >= 0 && max(var.blueprint.rollout.bake_seconds, var.blueprint.rollout.keep_old_seconds) <= 3600
    error_message = "blueprint.rollout.bake_seconds and keep_old_seconds must be from 0 to 3600; received ${var.blueprint.rollout.bake_seconds} and ${var.blueprint.rollout.keep_old_seconds}."
  }

  validation {
    condition     = alltrue([for name, each in var.blueprint.variants : can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", name)) && !contains(["primary", "shadow"], name)])
    error_message = "blueprint.variants must have names of 2 to 32 lower-case letters, digits and hyphens, and none called primary or shadow; received [${join(", ", keys(var.blueprint.variants))}]."
  }

  validation {
    condition     = alltrue([for weight in concat([var.blueprint.weight], values(var.blueprint.variants)[*].weight) : weight >= 0 && floor(weight) == weight]) && sum(concat([var.blueprint.weight], values(var.blueprint.variants)[*].weight)) > 0
    error_message = "blueprint.weight and the weights of variants must be whole numbers from 0, not all of them 0; received [${join(", ", concat([var.blueprint.weight], values(var.blueprint.variants)[*].weight))}]."
  }

  validation {
    # SageMaker's limit is ten variants.
    condition     = length(var.blueprint.variants) <= 9
    error_message = "blueprint.variants must be at most 9 in addition to the primary one; received ${length(var.blueprint.variants)}."
  }

  validation {
    condition     = var.blueprint.shadow == null ? true : var.blueprint.shadow.sampling_percent >= 1 && var.blueprint.shadow.sampling_percent <= 100 && floor(var.blueprint.shadow.sampling_percent) == var.blueprint.shadow.sampling_percent
    error_message = "blueprint.shadow.sampling_percent must be a whole number from 1 to 100; received ${try(var.blueprint.shadow.sampling_percent, "-")}."
  }

  validation {
    condition     = var.blueprint.shadow == null || length(var.blueprint.variants) == 0
    error_message = "blueprint.shadow goes with one production variant only, by SageMaker's rule; received also variants [${join(", ", keys(var.blueprint.variants))}]."
  }

  validation {
    condition     = var.blueprint.shadow == null || (var.blueprint.multi_model == null && var.blueprint.containers == null)
    error_message = "blueprint.shadow does not go with multi_model or containers, by SageMaker's rule; received ${var.blueprint.multi_model == null ? "containers" : "multi_model"}."
  }

  validation {
    condition     = var.blueprint.multi_model == null || var.blueprint.containers == null
    error_message = "blueprint.multi_model and blueprint.containers exclude each other: one container loads many models, or several have one each; received multi_model ${jsonencode(var.blueprint.multi_model)} and containers ${jsonencode(var.blueprint.containers)}."
  }

  validation {
    condition     = length(var.blueprint.variants) == 0 || (var.blueprint.multi_model == null && var.blueprint.containers == null)
    error_message = "blueprint.variants differ in the version of one model and do not go with multi_model or containers; received [${join(", ", keys(var.blueprint.variants))}]."
  }

  validation {
    condition     = var.blueprint.multi_model == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9_./-]*\\.tar\\.gz$", var.blueprint.multi_model.default)) && !strcontains(var.blueprint.multi_model.default, "..")
    error_message = "blueprint.multi_model.default must be the path of a .tar.gz below the endpoint's prefix; received \"${try(var.blueprint.multi_model.default, "-")}\"."
  }

  validation {
    condition     = var.blueprint.containers == null ? true : contains(["serial", "direct"], var.blueprint.containers.mode) && length(var.blueprint.containers.others) >= 1 && length(var.blueprint.containers.others) <= 14
    error_message = "blueprint.containers must have mode serial or direct and 1 to 14 others, as SageMaker takes 15 containers; received ${try(var.blueprint.containers.mode, "-")} and ${try(length(var.blueprint.containers.others), 0)}."
  }

  validation {
    condition     = var.blueprint.containers == null ? true : contains(concat(["primary"], var.blueprint.containers.others[*].name), var.blueprint.containers.target) && length(distinct(concat(["primary"], var.blueprint.containers.others[*].name))) == length(var.blueprint.containers.others) + 1
    error_message = "blueprint.containers must have unique names other than primary, and a target among them; received [${join(", ", try(var.blueprint.containers.others[*].name, []))}] and target ${try(var.blueprint.containers.target, "-")}."
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

variable "network" {
  description = "Private subnets and security groups of the model containers."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })

  validation {
    condition     = length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "network needs at least one subnet and one security group; received ${length(var.network.subnet_ids)} and ${length(var.network.security_group_ids)}."
  }
}

variable "kms_key_arns" {
  description = "Keys: data for objects of the data bucket, models for instance volumes, logs for log groups."
  type = object({
    data   = string
    models = string
    logs   = string
  })
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
  description = "Policy documents (JSON) that other modules grant to the endpoint's role, by policy name, such as bucket (artifacts; captured data), execution and network."
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
  description = "When the alarms fire: model latency (p99) and share of failed invocations."
  type = object({
    latency_ms         = optional(number, 2000)
    error_rate_percent = optional(number, 5)
  })
  default = {}
}
