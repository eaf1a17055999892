variable "context" {
  description = "Where the sources are."
  type = object({
    region     = string
    account_id = string
  })
}

variable "sources" {
  description = "Read-only inputs by name: `bucket` with `prefixes` (and the key of its objects), or a Glue `database`. `owner`: account of the bucket, if it is another one."
  type = map(object({
    bucket      = optional(string)
    prefixes    = optional(list(string), [])
    kms_key_arn = optional(string)
    owner       = optional(string)
    database    = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for source in values(var.sources) : source.owner == null || (source.bucket != null && can(regex("^[0-9]{12}$", source.owner)))])
    error_message = "sources.owner must be the account id (12 digits) that a bucket belongs to, got ${jsonencode({ for name, source in var.sources : name => source.owner })}."
  }

  validation {
    condition     = alltrue([for source in values(var.sources) : (source.bucket == null) != (source.database == null)])
    error_message = "sources must name a bucket or a database each, not both; got ${jsonencode({ for name, source in var.sources : name => [source.bucket, source.database] })}."
  }

  validation {
    condition     = alltrue([for source in values(var.sources) : source.bucket == null || (length(source.prefixes) > 0 && alltrue([for prefix in source.prefixes : can(regex("^[A-Za-z0-9_=.][A-Za-z0-9_=./-]*/$", prefix))]))])
    error_message = "sources.prefixes must name the folders of the bucket that are read, each ending with '/' and without '*'; got ${jsonencode({ for name, source in var.sources : name => source.prefixes })}."
  }

  validation {
    condition     = alltrue([for source in values(var.sources) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", coalesce(source.bucket, "none"))) && can(regex("^[a-z0-9_-]{1,255}$", coalesce(source.database, "none")))])
    error_message = "sources must carry names that S3 and Glue have (no '*'), got ${jsonencode({ for name, source in var.sources : name => [source.bucket, source.database] })}."
  }

  validation {
    condition     = alltrue([for source in values(var.sources) : source.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", source.kms_key_arn))])
    error_message = "sources.kms_key_arn must be the ARN of a KMS key, got ${jsonencode([for source in values(var.sources) : source.kms_key_arn])}."
  }

  validation {
    condition     = alltrue([for name in keys(var.sources) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "sources must be named with a-z, 0-9 and '-', got ${jsonencode(keys(var.sources))}."
  }
}
