variable "access" {
  description = "What the bucket's owner offers (output `access` of module s3): one entry per prefix of the tree, and the keys that its objects are encrypted with."
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
    error_message = "read may narrow a prefix by folders of letters, digits and _ = . - alone, got ${jsonencode(var.read)}."
  }
}

variable "list" {
  description = "Prefixes to look into without reading, in the same spelling."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.list : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "list must name prefixes of the bucket's tree, got ${jsonencode([for name in var.list : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.list : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "list may narrow a prefix by folders of letters, digits and _ = . - alone, got ${jsonencode(var.list)}."
  }
}

variable "write" {
  description = "Prefixes to write, in the same spelling. Writing includes neither reading nor deleting."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.write : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "write must name prefixes of the bucket's tree, got ${jsonencode([for name in var.write : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.write : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "write may narrow a prefix by folders of letters, digits and _ = . - alone, got ${jsonencode(var.write)}."
  }
}

variable "delete" {
  description = "Prefixes whose objects may be deleted, in the same spelling. Older versions stay: nobody may delete those."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.delete : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "delete must name prefixes of the bucket's tree, got ${jsonencode([for name in var.delete : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.delete : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "delete may narrow a prefix by folders of letters, digits and _ = . - alone, got ${jsonencode(var.delete)}."
  }
}

variable "hand_over" {
  description = "Prefixes where a service of AWS, writing under the role, hands its objects to the bucket's owner by ACL, in the same spelling. It takes `write` on them too."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setsubtract([for name in var.hand_over : split("/", name)[0]], keys(var.access.prefixes))) == 0
    error_message = "hand_over must name prefixes of the bucket's tree, got ${jsonencode([for name in var.hand_over : name if !contains(keys(var.access.prefixes), split("/", name)[0])])}; known are ${join(", ", keys(var.access.prefixes))}."
  }

  validation {
    condition     = alltrue([for name in var.hand_over : can(regex("^[^/]+(/[A-Za-z0-9_=.-]+)*$", name))])
    error_message = "hand_over may narrow a prefix by folders of letters, digits and _ = . - alone, got ${jsonencode(var.hand_over)}."
  }
}
