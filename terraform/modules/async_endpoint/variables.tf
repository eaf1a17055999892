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
  description = "The asynchronous blueprint. Its endpoint is called <name_prefix>-<name>."
  type = object({
    name                       = string
    instance_type              = optional(string, "ml.m5.large")
    instances                  = optional(object({ min = optional(number, 0), max = optional(number, 2) }), {})
    backlog_per_instance       = optional(number, 5)
    max_concurrency            = optional(number, 4)
    ttl_seconds                = optional(number, 21600)
    invocation_timeout_seconds = optional(number, 60)
    max_input_mb               = optional(number, 100)
    parameters                 = optional(any, {})
    format                     = optional(string, "inputs")
    golden                     = optional(any, [])
    limits = optional(object({
      max_tokens       = optional(number)
      max_inputs       = optional(number)
      max_total_tokens = optional(number)
    }), {})
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,21}[a-z0-9]$", var.blueprint.name))
    error_message = "blueprint.name must be 2 to 23 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint.name}\"."
  }

  validation {
    # The pipeline probes new versions on temporary endpoints called <prefix>-candidate-<run>.
    condition     = !startswith(var.blueprint.name, "candidate")
    error_message = "blueprint.name must not start with \"candidate\", which is reserved for the pipeline's temporary endpoints; received \"${var.blueprint.name}\"."
  }

  validation {
    condition     = length("${var.context.name_prefix}-${var.blueprint.name}") <= 48
    error_message = "context.name_prefix and blueprint.name must together have at most 48 characters with their hyphen; received \"${var.context.name_prefix}-${var.blueprint.name}\"."
  }

  validation {
    condition     = startswith(var.blueprint.instance_type, "ml.")
    error_message = "blueprint.instance_type must be a SageMaker instance type such as ml.m5.large; received \"${var.blueprint.instance_type}\"."
  }

  validation {
    condition     = var.blueprint.instances.min >= 0 && var.blueprint.instances.max >= 1 && var.blueprint.instances.min <= var.blueprint.instances.max
    error_message = "blueprint.instances must have min from 0 and max from 1, min not above max; received ${var.blueprint.instances.min} and ${var.blueprint.instances.max}."
  }

  validation {
    condition     = var.blueprint.backlog_per_instance > 0
    error_message = "blueprint.backlog_per_instance must be above 0; received ${var.blueprint.backlog_per_instance}."
  }

  validation {
    condition     = var.blueprint.max_concurrency >= 1 && var.blueprint.max_concurrency <= 1000 && floor(var.blueprint.max_concurrency) == var.blueprint.max_concurrency
    error_message = "blueprint.max_concurrency must be a whole number from 1 to 1000, as SageMaker takes it per instance; received ${var.blueprint.max_concurrency}."
  }

  validation {
    condition     = var.blueprint.ttl_seconds >= 60 && var.blueprint.ttl_seconds <= 21600 && var.blueprint.invocation_timeout_seconds >= 1 && var.blueprint.invocation_timeout_seconds <= 3600
    error_message = "blueprint must have ttl_seconds from 60 to 21600 and invocation_timeout_seconds from 1 to 3600, as SageMaker takes them; received ${var.blueprint.ttl_seconds} and ${var.blueprint.invocation_timeout_seconds}."
  }

  validation {
    condition     = var.blueprint.max_input_mb >= 1 && var.blueprint.max_input_mb <= 1024
    error_message = "blueprint.max_input_mb must be from 1 to 1024, SageMaker's limit; received ${var.blueprint.max_input_mb}."
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
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[^:@]+([:@].+)$", var.model_version.image))
    error_message = "model_version.image must be an ECR image with a tag or digest; received \"${var.model_version.image}\"."
  }
}

variable "network" {
  description = "Private subnets and security groups of the containers."
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
  description = "Keys: models for the instances' volumes, data for results and failures, logs for the log group."
  type = object({
    data   = string
    models = string
    logs   = string
  })
}

variable "bucket_name" {
  description = "The data bucket that holds model artifacts, inputs, results and failures."
  type        = string
}

variable "topic_arns" {
  description = "Topics to which SageMaker publishes results and failures."
  type = object({
    success = string
    error   = string
  })
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the endpoint's role, by policy name, such as bucket (artifacts, inputs, results), execution (with permission to publish) and network."
  type        = map(string)
}

variable "boundary_arn" {
  description = "Permissions boundary of the endpoint's role."
  type        = string
}

variable "topic_arn" {
  description = "SNS topic that receives the alarms."
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

variable "thresholds" {
  description = "Alarm thresholds: share of failed invocations, waiting time and number of waiting requests."
  type = object({
    error_rate_percent = optional(number, 5)
    wait_seconds       = optional(number, 1800)
    queue_depth        = optional(number, 1000)
  })
  default = {}
}
