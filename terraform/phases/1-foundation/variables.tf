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

variable "network" {
  description = "See modules/vpc."
  type = object({
    cidr                      = optional(string, "10.0.0.0/16")
    availability_zones        = optional(number, 2)
    nat                       = optional(string, "single")
    isolated_subnets          = optional(bool, false)
    interface_endpoints       = optional(list(string), [])
    flow_logs                 = optional(bool, true)
    flow_log_traffic          = optional(string, "ALL")
    flow_log_interval_seconds = optional(number, 600)
    use_existing = optional(object({
      vpc_id              = string
      private_subnet_ids  = list(string)
      public_subnet_ids   = optional(list(string), [])
      isolated_subnet_ids = optional(list(string), [])
      route_table_ids     = optional(list(string), [])
      internet_egress     = optional(bool, true)
    }))
  })
  default = {}
}

variable "encryption" {
  description = "See modules/kms."
  type = object({
    rotation_days        = optional(number, 365)
    deletion_window_days = optional(number, 30)
    multi_region         = optional(bool, false)
  })
  default = {}
}

variable "images" {
  description = "See modules/ecr."
  type = object({
    repositories = optional(map(object({
      keep_images         = optional(number, 20)
      untagged_after_days = optional(number, 14)
    })), { training = {}, inference = {} })
    pull_account_ids = optional(list(string), [])
  })
  default = {}
}

variable "registry" {
  description = "See modules/model_registry."
  type = object({
    groups = optional(map(object({
      description = string
    })), { reviews = { description = "Sentiment of customer reviews" } })
    consumer_account_ids = optional(list(string), [])
  })
  default = {}
}

variable "access" {
  description = "See modules/iam; for deployers see modules/s3."
  type = object({
    deployers          = optional(list(string), [])
    persona_principals = optional(map(list(string)), {})
    require_mfa        = optional(bool, true)
    organization_id    = optional(string)
  })
  default = {}
}

variable "monitoring" {
  description = "Recipients of alarms. Retention is in `context`."
  type = object({
    alarm_email = optional(string)
  })
  default = {}
}

variable "data" {
  description = "Phase 1 only uses data of other owners from this section: roles reach nothing that the boundary does not name."
  type = object({
    sources = optional(map(object({
      bucket      = optional(string)
      kms_key_arn = optional(string)
      database    = optional(string)
    })), {})
  })
  default = {}
}

variable "sharing" {
  description = "Of this section, phase 1 reads only whose databases are shared with this account."
  type = object({
    consumer = optional(object({
      shares = optional(map(object({
        producer_account_id = string
        database            = string
      })), {})
    }), {})
  })
  default = {}
}

variable "streaming" {
  description = "Of this section, phase 1 reads only whether there is a stream."
  type = object({
    enabled = optional(bool, false)
  })
  default = {}
}

variable "efs" {
  description = "Of this section, phase 1 reads only whether there are shared files."
  type = object({
    enabled = optional(bool, false)
  })
  default = {}
}

variable "bedrock" {
  description = "Phase 1 only uses what boundary, keys and bucket must admit from this section."
  type = object({
    knowledge_bases = optional(bool, false)
    agents          = optional(bool, false)
    invocation_logging = optional(object({
      enabled = optional(bool, false)
    }), {})
  })
  default = {}
}
