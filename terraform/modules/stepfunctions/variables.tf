variable "context" {
  description = "Name prefix, project, environment, account, region, tags and log retention."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    tags               = optional(map(string), {})
    log_retention_days = optional(number, 30)
  })
}

variable "name" {
  description = "Name of the training, part of the names of its state machine and role; null: the platform's own training."
  type        = string
  default     = null
}

variable "boundary_arn" {
  description = "Permissions boundary of the state machine's role."
  type        = string
}

variable "topic_arn" {
  description = "SNS topic that receives the outcome of each run."
  type        = string
}

variable "bucket_name" {
  description = "The data bucket."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: data for the tokens of approvals, models for volumes and model versions, logs for log group and notifications."
  type = object({
    data   = string
    models = string
    logs   = string
  })
}

variable "bucket_policy_document" {
  description = "Policy document (JSON) for the bucket: listing raw data, reading training artifacts."
  type        = string
}

variable "dataset" {
  description = "Dataset that a run uses when its input is `default_input`."
  type        = string
  default     = "reviews"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.dataset))
    error_message = "dataset must be 2-32 characters of a-z, 0-9 and '-', starting with a letter; got '${var.dataset}'."
  }
}

variable "glue" {
  description = "Crawlers by layer (raw in step 2, the others after the ETL), ETL job (step 3), and the ruleset that checks its output (step 4): evaluated on a table, under a role that reads it. `raw_elsewhere`: the ETL reads other places than data/raw, so that nothing has to be there."
  type = object({
    crawler_names = object({
      raw       = string
      processed = string
      features  = string
    })
    job_name      = string
    role_arn      = string
    raw_elsewhere = optional(bool, false)
    quality = object({
      ruleset_name    = string
      database_name   = string
      table_name      = string
      workers         = optional(number, 2)
      timeout_minutes = optional(number, 30)
    })
  })

  validation {
    condition     = var.glue.quality.workers >= 2 && var.glue.quality.timeout_minutes >= 1
    error_message = "glue.quality needs at least 2 workers and 1 minute; got ${var.glue.quality.workers} workers and ${var.glue.quality.timeout_minutes} minutes."
  }
}

variable "feature_ingestion" {
  description = "Glue job that puts the features into their feature group, with the same arguments as the ETL. It is started once the data has passed its checks, and not waited for; null: there is none."
  type = object({
    job_name = string
  })
  default = null
}

variable "release_machine_arn" {
  description = "State machine that brings a version which became live to the endpoints that exist. It is started, and not waited for."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:states:[^:]+:\\d{12}:stateMachine:", var.release_machine_arn))
    error_message = "release_machine_arn must be the ARN of a state machine, got '${var.release_machine_arn}'."
  }
}

variable "function_arns" {
  description = "Functions that the pipeline calls."
  type = object({
    data_validation = string
    model_artifacts = string
    endpoint_probe  = string
  })
}

variable "training" {
  description = "How the model is trained and approved. `metrics` are names of `name=value;` lines that it prints. Empty `subnet_ids`: training and evaluation run outside the VPC."
  type = object({
    role_arn            = string
    endpoint_role_arn   = string
    image_uri           = string
    source_uri          = string
    instance_type       = optional(string, "ml.m5.large")
    volume_gb           = optional(number, 30)
    max_runtime_seconds = optional(number, 3600)
    spot                = optional(bool, true)
    subnet_ids          = optional(list(string), [])
    security_group_ids  = optional(list(string), [])
    hyperparameters     = optional(map(string), {})
    metrics             = optional(list(string), [])
    approval            = optional(string, "auto")
    approval_days       = optional(number, 30)
  })
  validation {
    condition     = contains(["auto", "manual"], var.training.approval)
    error_message = "training.approval must be 'auto' or 'manual'; got '${var.training.approval}'."
  }
  validation {
    condition     = var.training.approval_days >= 1 && var.training.approval_days <= 300 && floor(var.training.approval_days) == var.training.approval_days
    error_message = "training.approval_days must be a whole number from 1 to 300; got ${var.training.approval_days}."
  }
  validation {
    condition     = startswith(var.training.source_uri, "s3://")
    error_message = "training.source_uri must be an s3:// URI; got '${var.training.source_uri}'."
  }
  validation {
    condition     = (length(var.training.subnet_ids) == 0) == (length(var.training.security_group_ids) == 0)
    error_message = "training.subnet_ids and training.security_group_ids go together; got ${length(var.training.subnet_ids)} subnets and ${length(var.training.security_group_ids)} security groups."
  }
  validation {
    condition     = alltrue([for k in keys(var.training.hyperparameters) : !startswith(k, "sagemaker_")])
    error_message = "training.hyperparameters must not start with 'sagemaker_' (the pipeline sets those); got ${join(", ", keys(var.training.hyperparameters))}."
  }
}

variable "evaluation" {
  description = "How a trained model is measured and judged: the program, the dataset's specification, the task (`positive` is the label that precision, recall and f1 are about; metrics are repeated by the values of `slices`), and the gate on one metric. Null for `above_champion`: the live version does not decide."
  type = object({
    role_arn    = string
    program_uri = string
    spec_uri    = string
    task        = string
    positive    = optional(string)
    slices      = optional(list(string), [])
    gate = object({
      metric         = string
      threshold      = number
      direction      = optional(string)
      above_baseline = optional(number)
      above_champion = number
    })
  })
  validation {
    condition     = alltrue([for uri in [var.evaluation.program_uri, var.evaluation.spec_uri] : startswith(uri, "s3://")])
    error_message = "evaluation.program_uri and evaluation.spec_uri must be s3:// URIs; got '${var.evaluation.program_uri}' and '${var.evaluation.spec_uri}'."
  }
  validation {
    condition     = contains(["classification", "regression", "custom"], var.evaluation.task)
    error_message = "evaluation.task must be 'classification', 'regression' or 'custom'; got '${var.evaluation.task}'."
  }
  validation {
    condition     = var.evaluation.gate.direction == null ? true : contains(["higher", "lower"], var.evaluation.gate.direction)
    error_message = "evaluation.gate.direction must be 'higher' or 'lower'; got '${coalesce(var.evaluation.gate.direction, "null")}'."
  }
  validation {
    condition     = alltrue([for lead in [var.evaluation.gate.above_baseline, var.evaluation.gate.above_champion] : lead == null ? true : lead >= 0])
    error_message = "evaluation.gate.above_baseline and above_champion must not be negative; got ${jsonencode(var.evaluation.gate)}."
  }
}

variable "registry" {
  description = "Model package group of the versions, and the SSM parameter that names the live one. `encrypt_versions`: version metadata is encrypted with the models key, and describing a version requires kms:Decrypt through SageMaker."
  type = object({
    group_name          = string
    live_parameter_name = string
    encrypt_versions    = optional(bool, false)
  })
  validation {
    condition     = startswith(var.registry.live_parameter_name, "/")
    error_message = "registry.live_parameter_name must start with '/'; got '${var.registry.live_parameter_name}'."
  }
}

variable "golden" {
  description = "Requests with known answers that a candidate's endpoint must give: [{input, label | value and tolerance | contains | length}], each with at least one of these."
  type        = any

  validation {
    condition     = try(length(var.golden) >= 1 && alltrue([for case in var.golden : can(case.input)]), false)
    error_message = "golden must have at least one case, each with an input; got ${jsonencode(var.golden)}."
  }
}

variable "poll_seconds" {
  description = "Polling interval for the crawler and the candidate endpoint."
  type        = number
  default     = 5
  validation {
    condition     = var.poll_seconds >= 1 && var.poll_seconds <= 60
    error_message = "poll_seconds must lie between 1 and 60; got ${var.poll_seconds}."
  }
}
