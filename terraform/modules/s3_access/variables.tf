variable "access" {
  description = "Access entries of the bucket (output `access` of module s3): one per prefix, and the keys of its objects."
  type = object({
    bucket_arn  = string
    via_service = string
    prefixes = map(object({
      prefix   = string
      key_arns = list(string)
    }))
  })
}

variable "read" {
  description = "Prefixes to list and read, by the names of `access.prefixes`; `<name>/<folder>` is one folder of a prefix."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.read : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "read must name prefixes of the bucket's tree, got ${jsonencode([for name in var.read : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.read : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "read may narrow a prefix by folders of letters, digits and _ = . - only, got ${jsonencode(var.read)}."
  }
}

variable "list" {
  description = "Prefixes to list without reading, in the same form."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.list : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "list must name prefixes of the bucket's tree, got ${jsonencode([for name in var.list : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.list : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "list may narrow a prefix by folders of letters, digits and _ = . - only, got ${jsonencode(var.list)}."
  }
}

variable "write" {
  description = "Prefixes to write, in the same form. Writing includes neither reading nor deleting."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.write : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "write must name prefixes of the bucket's tree, got ${jsonencode([for name in var.write : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.write : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "write may narrow a prefix by folders of letters, digits and _ = . - only, got ${jsonencode(var.write)}."
  }
}

variable "delete" {
  description = "Prefixes whose objects may be deleted, in the same form. Older versions stay and cannot be deleted."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.delete : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "delete must name prefixes of the bucket's tree, got ${jsonencode([for name in var.delete : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.delete : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "delete may narrow a prefix by folders of letters, digits and _ = . - only, got ${jsonencode(var.delete)}."
  }
}

variable "hand_over" {
  description = "Prefixes where an AWS service that writes with the role sets ACLs which give its objects to the bucket's owner, in the same form. Requires `write` on them too."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.hand_over : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "hand_over must name prefixes of the bucket's tree, got ${jsonencode([for name in var.hand_over : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.hand_over : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "hand_over may narrow a prefix by folders of letters, digits and _ = . - only, got ${jsonencode(var.hand_over)}."
  }
}
