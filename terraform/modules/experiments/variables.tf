variable "context" {
  description = "Name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "persona" {
  description = "Persona whose experiments run with this role, in the spelling of its tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)*$", var.persona))
    error_message = "persona must be a persona's tag such as data-scientist, got '${var.persona}'."
  }
}

variable "boundary_arn" {
  description = "Boundary of the role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the role, by policy name, such as bucket, execution and network."
  type        = map(string)
}
