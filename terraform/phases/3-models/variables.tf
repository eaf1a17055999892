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

variable "training" {
  description = "How the model is trained, judged and approved; see modules/stepfunctions."
  type = object({
    instance_type       = optional(string, "ml.m5.large")
    volume_gb           = optional(number, 30)
    max_runtime_seconds = optional(number, 3600)
    spot                = optional(bool, true)
    hyperparameters     = optional(map(string), {})
    metrics             = optional(list(string), [])
    gate = object({
      metric         = string
      threshold      = number
      direction      = optional(string)
      above_baseline = optional(number)
      above_champion = number
    })
    approval      = optional(string, "auto")
    approval_days = optional(number, 30)
    poll_seconds  = optional(number, 5)
  })
}

variable "registry" {
  description = "See modules/stepfunctions."
  type = object({
    encrypt_versions = optional(bool, false)
  })
  default = {}
}

variable "inference" {
  description = "Of this section, phase 3 reads only whether functions run in the VPC."
  type = object({
    lambda_in_vpc = optional(bool, false)
  })
  default = {}
}

variable "feature_store" {
  description = "Of this section, phase 3 reads only whether there is a feature group to have filled."
  type = object({
    enabled = optional(bool, true)
  })
  default = {}
}

locals {
  required_packages = ["data_validation", "model_artifacts", "endpoint_probe", "training_source", "evaluation"]
}

variable "packages" {
  description = "Built files by name; here data_validation, model_artifacts, endpoint_probe, training_source, evaluation."
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
