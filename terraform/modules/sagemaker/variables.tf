variable "context" {
  description = "Name prefix, project, environment, account and region."
  type = object({
    project     = string
    environment = string
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "name" {
  description = "Name of the training, part of the names of its roles; null: the platform's own training."
  type        = string
  default     = null
}

variable "bucket_name" {
  description = "The data bucket; the training code is uploaded to artifacts/code/training/ in it."
  type        = string
}

variable "package" {
  description = "Training code (train.py and inference.py at the root of a tar.gz), built beforehand: equal sources give equal bytes."
  type = object({
    path          = string
    sha256_base64 = string
  })

  validation {
    condition     = endswith(var.package.path, ".tar.gz")
    error_message = "package.path must name a .tar.gz, the only form that SageMaker's script mode unpacks; received \"${var.package.path}\"."
  }
}

variable "image" {
  description = "Training and inference image: repository and tag of one of AWS's, resolved to the registry of the region, or the URI of another one."
  type = object({
    repository = optional(string, "sagemaker-scikit-learn")
    tag        = optional(string, "1.4-2-cpu-py3")
    uri        = optional(string)
  })
  default = {}
}

variable "model_group" {
  description = "Model package group that trained models are registered in: its name, and the short key under which environment files name it."
  type = object({
    key  = string
    name = string
  })

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.model_group.name))
    error_message = "model_group.name must be 1 to 63 letters, digits and inner hyphens; received \"${var.model_group.name}\"."
  }

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.model_group.key))
    error_message = "model_group.key must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.model_group.key}\"."
  }
}

variable "kms_key_arn" {
  description = "Key of the objects in the data bucket."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the roles."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the roles, by policy name, such as bucket, execution and network."
  type = object({
    training   = map(string)
    evaluation = map(string)
    candidate  = map(string)
  })
}
