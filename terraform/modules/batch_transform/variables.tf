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
  description = "The batch blueprint: instances, and how inputs are read, split and sent."
  type = object({
    name           = string
    instance_type  = optional(string, "ml.m5.large")
    instance_count = optional(number, 1)
    parameters     = optional(any, {})
    format         = optional(string, "inputs")
    limits = optional(object({
      max_tokens       = optional(number)
      max_total_tokens = optional(number)
    }), {})
    batch = optional(object({
      format                    = optional(string, "auto")
      column                    = optional(string)
      id                        = optional(string)
      types                     = optional(map(string), {})
      delimiter                 = optional(string, ",")
      strategy                  = optional(string, "MultiRecord")
      max_payload_mb            = optional(number, 6)
      max_concurrent_transforms = optional(number, 1)
      records_per_file          = optional(number, 10000)
      minimum_records           = optional(number, 1)
      maximum_records           = optional(number, 1000000)
      on_arrival                = optional(bool, true)
      prices = optional(object({
        instance_usd_per_hour = optional(number)
      }), {})
    }), {})
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint.name)) && length("${var.context.name_prefix}-${var.blueprint.name}") <= 40
    error_message = "blueprint.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter, and have at most 40 characters with context.name_prefix, since the names of jobs begin with them; received \"${var.context.name_prefix}-${var.blueprint.name}\"."
  }

  validation {
    condition     = contains(["auto", "jsonlines", "csv", "text", "parquet"], var.blueprint.batch.format) && contains(["MultiRecord", "SingleRecord"], var.blueprint.batch.strategy)
    error_message = "blueprint.batch must have the format auto, jsonlines, csv, text or parquet and the strategy MultiRecord or SingleRecord; received ${var.blueprint.batch.format} and ${var.blueprint.batch.strategy}."
  }

  validation {
    condition     = contains([",", ";", "|", "tab"], var.blueprint.batch.delimiter)
    error_message = "blueprint.batch.delimiter must be a comma, a semicolon, a vertical bar or the word tab; received \"${var.blueprint.batch.delimiter}\"."
  }

  validation {
    # SageMaker rejects jobs whose containers could receive more at once.
    condition     = var.blueprint.batch.max_payload_mb >= 1 && var.blueprint.batch.max_concurrent_transforms >= 1 && var.blueprint.batch.max_payload_mb * var.blueprint.batch.max_concurrent_transforms <= 100
    error_message = "blueprint.batch.max_payload_mb times max_concurrent_transforms must be from 1 to 100 (SageMaker's limit in MB); received ${var.blueprint.batch.max_payload_mb} and ${var.blueprint.batch.max_concurrent_transforms}."
  }

  validation {
    condition     = var.blueprint.batch.records_per_file >= 1 && var.blueprint.batch.minimum_records >= 1 && var.blueprint.batch.maximum_records >= var.blueprint.batch.minimum_records
    error_message = "blueprint.batch must have records_per_file and minimum_records from 1, and no smaller maximum_records; received ${var.blueprint.batch.records_per_file}, ${var.blueprint.batch.minimum_records} and ${var.blueprint.batch.maximum_records}."
  }

  validation {
    condition     = var.blueprint.instance_count >= 1 && floor(var.blueprint.instance_count) == var.blueprint.instance_count
    error_message = "blueprint.instance_count must be a whole number from 1; received ${var.blueprint.instance_count}."
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
    condition     = alltrue([for type in values(var.blueprint.batch.types) : contains(["string", "bigint", "double", "boolean"], type)])
    error_message = "blueprint.batch.types must be string, bigint, double or boolean; received ${jsonencode(var.blueprint.batch.types)}."
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
  description = "The live model version. Only the first apply uses it: later versions reach the jobs as releases."
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

variable "bucket_name" {
  description = "The data bucket that holds model artifacts, inputs and outputs."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the role, by policy name, such as bucket."
  type        = map(string)
}

variable "submitter" {
  description = "Function that turns objects into jobs, and finished jobs into results."
  type = object({
    name = string
  })
}

variable "crawler_name" {
  description = "Crawler that the submitter starts when a request has ended."
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
