variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "bucket_name" {
  description = "The data bucket: the program goes to artifacts/code/processing/ in it, flows to artifacts/code/flows/."
  type        = string
}

variable "kms_key_arns" {
  description = "Key of program, flows and results, and key of the job's volume."
  type = object({
    data   = string
    models = string
  })

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "boundary_arn" {
  description = "Boundary of the jobs' role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the jobs' role, by policy name, such as bucket, execution and network."
  type        = map(string)
}

variable "program" {
  description = "Zip that Python starts; it runs a flow (jobs/processing)."
  type = object({
    path          = string
    sha256_base64 = string
  })

  validation {
    condition     = endswith(var.program.path, ".zip")
    error_message = "program.path must name a .zip, got '${var.program.path}'."
  }
}

variable "flows" {
  description = "Data Wrangler flows by name: the text, and the folders of the bucket that a job with it reads and writes."
  type = map(object({
    text   = string
    source = string
    target = string
  }))

  validation {
    condition     = alltrue([for flow in values(var.flows) : can(jsondecode(flow.text).nodes)])
    error_message = "flows.*.text must be JSON with nodes, got ${jsonencode({ for name, flow in var.flows : name => substr(flow.text, 0, 40) })}."
  }

  validation {
    condition     = alltrue([for flow in values(var.flows) : alltrue([for folder in [flow.source, flow.target] : can(regex("^[a-z][A-Za-z0-9_=./-]*/$", folder))])])
    error_message = "flows.*.source and target must be folders of the bucket, each ending with '/'; got ${jsonencode({ for name, flow in var.flows : name => [flow.source, flow.target] })}."
  }

  validation {
    condition     = alltrue([for name in keys(var.flows) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "flows must be named with a-z, 0-9 and '-', got ${jsonencode(keys(var.flows))}."
  }
}

variable "resources" {
  description = "Instances of a job, and its time limit."
  type = object({
    instance_type       = optional(string, "ml.m5.large")
    volume_gb           = optional(number, 30)
    max_runtime_seconds = optional(number, 3600)
  })
  default = {}

  validation {
    condition     = can(regex("^ml\\.", var.resources.instance_type)) && var.resources.volume_gb >= 1 && var.resources.volume_gb <= 16384 && var.resources.max_runtime_seconds >= 60 && var.resources.max_runtime_seconds <= 432000
    error_message = "resources must have an ml. instance, 1 to 16384 GB and 60 to 432000 seconds; got ${jsonencode(var.resources)}."
  }
}

variable "network" {
  description = "Subnets and security groups of the jobs' containers."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })

  validation {
    condition     = length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "network must have a subnet and a security group at least: jobs run in the VPC; got ${length(var.network.subnet_ids)} and ${length(var.network.security_group_ids)}."
  }
}
