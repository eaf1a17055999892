variable "context" {
  description = "Settings that every module shares: name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "blueprint_name" {
  description = "Blueprint that the agent answers for."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint_name))
    error_message = "blueprint_name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint_name}\"."
  }
}

variable "model" {
  description = "Inference profile that the agent invokes, and the policy document to invoke it and its guardrail (module bedrock_model)."
  type = object({
    arn                    = string
    invoke_policy_document = string
  })

  validation {
    condition     = can(regex("^arn:[^:]+:bedrock:[^:]+:[0-9]{12}:application-inference-profile/", var.model.arn))
    error_message = "model.arn must be an application inference profile, which shows the agent's cost; received \"${var.model.arn}\"."
  }
}

variable "instruction" {
  description = "The agent's task and behaviour."
  type        = string

  validation {
    condition     = length(var.instruction) >= 40 && length(var.instruction) <= 4000
    error_message = "instruction must have 40 to 4000 characters (Bedrock's limits); received ${length(var.instruction)}."
  }
}

variable "idle_minutes" {
  description = "For how long a conversation is remembered after its last turn."
  type        = number
  default     = 10

  validation {
    condition     = var.idle_minutes >= 1 && var.idle_minutes <= 60
    error_message = "idle_minutes must lie between 1 and 60; received ${var.idle_minutes}."
  }
}

variable "guardrail" {
  description = "Guardrail of the agent: id and version. Null is none."
  type = object({
    id      = string
    version = string
  })
  default = null
}

variable "knowledge_base" {
  description = "Knowledge base of the agent, a description of its content (by which the agent decides when to use it), and the policy document to use it (module bedrock_knowledge_base). Null is none."
  type = object({
    id                       = string
    description              = string
    retrieve_policy_document = string
  })
  default = null

  validation {
    condition     = var.knowledge_base == null ? true : length(var.knowledge_base.description) >= 1 && length(var.knowledge_base.description) <= 200
    error_message = "knowledge_base.description must have 1 to 200 characters (Bedrock's limit); received ${try(length(var.knowledge_base.description), 0)}."
  }
}

variable "kms_key_arn" {
  description = "KMS key of instruction and conversations."
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
