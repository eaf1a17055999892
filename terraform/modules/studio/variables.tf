variable "context" {
  description = "Naming and protection. Home folders of a protected environment outlive the domain."
  type = object({
    project     = string
    environment = string
    region      = string
    account_id  = string
    name_prefix = string
    protected   = optional(bool, false)
  })
}

variable "network" {
  description = "Network of the apps. `internet_access`: whether the private subnets reach the internet, through NAT or an existing network."
  type = object({
    vpc_id            = string
    subnet_ids        = list(string)
    security_group_id = string
    internet_access   = bool
  })

  validation {
    condition     = length(var.network.subnet_ids) >= 2
    error_message = "network.subnet_ids must name at least two subnets (apps are refused while the only zone is full), got ${jsonencode(var.network.subnet_ids)}."
  }
}

variable "kms_key_arns" {
  description = "Key of home folders and volumes (`models`, which roles that run models may attach), and key of the notebooks in the bucket (`data`)."
  type = object({
    data   = string
    models = string
  })

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "bucket_name" {
  description = "Data bucket; sample notebooks go to its artifacts/code/notebooks/."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the roles."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant, by profile and policy name: permissions of its notebooks besides managing their own workspace."
  type = object({
    data_scientist = map(string)
    ml_engineer    = map(string)
  })
}

variable "apps" {
  description = "JupyterLab defaults: instance, idle minutes before shutdown, home volume in GB and its maximum."
  type = object({
    instance_type = optional(string, "ml.t3.medium")
    idle_minutes  = optional(number, 60)
    volume_gb     = optional(number, 5)
    max_volume_gb = optional(number, 50)
  })
  default = {}

  validation {
    condition     = can(regex("^(ml\\.[a-z0-9-]+\\.[a-z0-9]+|system)$", var.apps.instance_type))
    error_message = "apps.instance_type must be an instance type of SageMaker such as ml.t3.medium, got '${var.apps.instance_type}'."
  }

  validation {
    condition     = var.apps.idle_minutes >= 60 && var.apps.idle_minutes <= 525600
    error_message = "apps.idle_minutes must lie between 60 and 525600 (SageMaker's own limits), got ${var.apps.idle_minutes}."
  }

  validation {
    condition     = var.apps.volume_gb >= 5 && var.apps.volume_gb <= var.apps.max_volume_gb && var.apps.max_volume_gb <= 16384
    error_message = "apps.volume_gb must lie between 5 and apps.max_volume_gb, and that at most at 16384, got ${var.apps.volume_gb} and ${var.apps.max_volume_gb}."
  }
}

variable "packages" {
  description = "Python packages that notebooks need. `image`: SageMaker Distribution contains them, and the start script only reports missing ones. `pip`: the start script installs them, which requires internet access."
  type = object({
    from  = optional(string, "image")
    names = optional(list(string), ["boto3", "langchain", "sagemaker", "transformers"])
  })
  default = {}

  validation {
    condition     = contains(["image", "pip"], var.packages.from)
    error_message = "packages.from must be image or pip, got '${var.packages.from}'."
  }

  validation {
    # They end in a shell script.
    condition     = length(var.packages.names) > 0 && alltrue([for name in var.packages.names : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]*(==[A-Za-z0-9.]+)?$", name))])
    error_message = "packages.names must be names of Python packages, each with ==version if need be, got ${jsonencode(var.packages.names)}."
  }
}
