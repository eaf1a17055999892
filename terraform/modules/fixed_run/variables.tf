variable "context" {
  description = "Naming, place and log retention."
  type = object({
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = number
  })
}

variable "name" {
  description = "Name of the machine, after the environment's prefix."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "name must consist of a-z, 0-9 and '-', got '${var.name}'."
  }
}

variable "description" {
  description = "One line about what a run does."
  type        = string
}

variable "definition" {
  description = "JSON with `StartAt` and `States`. The definition fixes what is run and with which arguments; an execution's input only selects."
  type        = string

  validation {
    condition     = can(jsondecode(var.definition).StartAt) && can(jsondecode(var.definition).States)
    error_message = "definition must be JSON with StartAt and States, got '${substr(var.definition, 0, 80)}'."
  }
}

variable "statements" {
  description = "JSON: the list of IAM statements that the definition's calls need."
  type        = string

  validation {
    condition     = can([for statement in jsondecode(var.statements) : statement.Action])
    error_message = "statements must be a JSON list of IAM statements, got '${substr(var.statements, 0, 80)}'."
  }
}

variable "boundary_arn" {
  description = "Boundary of the machine's role."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the log group."
  type        = string
}
