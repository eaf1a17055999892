variable "context" {
  description = "Settings that every module shares: name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "blueprint_name" {
  description = "Blueprint whose answers rest on the documents."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint_name))
    error_message = "blueprint_name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint_name}\"."
  }

  validation {
    # S3 allows 63 characters; <prefix>-<blueprint>-vectors is the longest name here.
    condition     = length("${var.context.name_prefix}-${var.blueprint_name}-vectors") <= 63
    error_message = "blueprint_name is too long: the vector bucket ${var.context.name_prefix}-${var.blueprint_name}-vectors has more than 63 characters."
  }
}

variable "documents" {
  description = "Folder of the data bucket with the documents, and the policy document to read it (module s3_access)."
  type = object({
    bucket_name     = string
    prefix          = string
    policy_document = string
  })

  validation {
    condition     = endswith(var.documents.prefix, "/") && !startswith(var.documents.prefix, "/")
    error_message = "documents.prefix must be a folder: it ends with a slash and does not start with one; received \"${var.documents.prefix}\"."
  }
}

variable "embedding" {
  description = "Embedding model and vector length. A change creates a new index, which has to read all documents again."
  type = object({
    model_id   = optional(string, "amazon.titan-embed-text-v2:0")
    dimensions = optional(number, 1024)
  })
  default = {}

  validation {
    condition     = contains(lookup({ "amazon.titan-embed-text-v2:0" = [256, 512, 1024], "cohere.embed-english-v3" = [1024], "cohere.embed-multilingual-v3" = [1024] }, var.embedding.model_id, []), var.embedding.dimensions)
    error_message = "embedding must be amazon.titan-embed-text-v2:0 with 256, 512 or 1024 dimensions, or cohere.embed-english-v3 or cohere.embed-multilingual-v3 with 1024; received ${jsonencode(var.embedding)}."
  }
}

variable "chunks" {
  description = "Pieces that documents are cut into before they become vectors."
  type = object({
    tokens          = optional(number, 300)
    overlap_percent = optional(number, 20)
  })
  default = {}

  validation {
    condition     = var.chunks.tokens >= 20 && var.chunks.tokens <= 8192 && var.chunks.overlap_percent >= 1 && var.chunks.overlap_percent <= 99
    error_message = "chunks must have 20 to 8192 tokens and overlap by 1 to 99 percent; received ${jsonencode(var.chunks)}."
  }
}

variable "kms_key_arn" {
  description = "KMS key of the vectors. Its policy must admit S3 Vectors (module kms, `vectors`)."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key; received \"${var.kms_key_arn}\"."
  }
}

variable "boundary_arn" {
  description = "Permissions boundary of the role."
  type        = string
}
