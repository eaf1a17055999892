variable "context" {
  description = "Naming."
  type = object({
    name_prefix = string
  })
}

variable "crawler_names" {
  description = "Crawlers of the layers."
  type = object({
    raw       = string
    processed = string
    features  = string
  })
}

variable "job_name" {
  description = "The ETL job."
  type        = string
}

variable "schedule" {
  description = "Schedule of the workflow, such as `cron(0 2 * * ? *)` in UTC; null: started manually only."
  type        = string
  default     = null

  validation {
    condition     = var.schedule == null || can(regex("^cron\\([^()]+\\)$", var.schedule))
    error_message = "schedule must be a cron expression such as 'cron(0 2 * * ? *)' (Glue triggers support no rate expressions), got '${coalesce(var.schedule, "null")}'."
  }
}
