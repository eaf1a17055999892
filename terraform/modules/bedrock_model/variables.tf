variable "context" {
  description = "Name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "blueprint" {
  description = "The blueprint: its name and default request parameters, e.g. max_tokens."
  type = object({
    name       = string
    kind       = optional(string, "realtime")
    parameters = optional(any, {})
    limits = optional(object({
      max_tokens       = optional(number)
      max_inputs       = optional(number)
      max_total_tokens = optional(number)
    }), {})
    routing = optional(object({
      fallback      = optional(list(string), [])
      share_percent = optional(map(number), {})
      shadow = optional(object({
        blueprint = string
        percent   = optional(number, 10)
      }))
      retries          = optional(number)
      cooldown_seconds = optional(number)
      timeout_seconds  = optional(number)
    }), {})
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint.name))
    error_message = "blueprint.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint.name}\"."
  }

  validation {
    condition     = contains(["realtime", "serverless", "async"], var.blueprint.kind)
    error_message = "blueprint.kind must be realtime, serverless or async, the kinds that invoke a model for each request; received \"${var.blueprint.kind}\"."
  }

  validation {
    # `primary` is the target of the blueprint's own.
    condition     = alltrue([for name in concat(var.blueprint.routing.fallback, keys(var.blueprint.routing.share_percent), var.blueprint.routing.shadow[*].blueprint) : can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", name)) && !contains([var.blueprint.name, "primary"], name)])
    error_message = "blueprint.routing must name other blueprints, none called primary; received [${join(", ", concat(var.blueprint.routing.fallback, keys(var.blueprint.routing.share_percent), var.blueprint.routing.shadow[*].blueprint))}]."
  }

  validation {
    condition     = alltrue([for percent in concat(values(var.blueprint.routing.share_percent), var.blueprint.routing.shadow[*].percent) : percent > 0 && percent <= 100]) && sum(concat([0], values(var.blueprint.routing.share_percent))) <= 100
    error_message = "blueprint.routing must have percentages above 0 and up to 100, and shares that together are at most 100; received ${jsonencode(var.blueprint.routing)}."
  }

  validation {
    # Limits of the router's own settings.
    condition     = alltrue([for figure in var.blueprint.routing.retries[*] : figure >= 0 && figure <= 10]) && alltrue([for figure in var.blueprint.routing.cooldown_seconds[*] : figure >= 0 && figure <= 3600]) && alltrue([for figure in var.blueprint.routing.timeout_seconds[*] : figure >= 1 && figure <= 25])
    error_message = "blueprint.routing must have retries from 0 to 10, cooldown_seconds from 0 to 3600 and timeout_seconds from 1 to 25; received ${jsonencode(var.blueprint.routing)}."
  }

  validation {
    condition     = alltrue([for figure in values(var.blueprint.limits) : figure == null ? true : figure >= 1 && floor(figure) == figure])
    error_message = "blueprint.limits must be whole numbers from 1; received ${jsonencode(var.blueprint.limits)}."
  }
}

variable "model_id" {
  description = "Foundation model id (amazon.nova-lite-v1:0) or system inference profile id (us.amazon.nova-lite-v1:0)."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-zA-Z0-9_:-]+)+$", var.model_id)) || can(regex("^arn:[a-z-]+:bedrock:[a-z0-9-]+:[0-9]{12}:custom-model/[a-zA-Z0-9.:/_-]+$", var.model_id))
    error_message = "model_id must be a foundation model id or a system inference profile id such as amazon.nova-lite-v1:0 or us.amazon.nova-lite-v1:0, or the ARN of a customized model; received \"${var.model_id}\"."
  }

  validation {
    condition     = !startswith(var.model_id, "arn:") || var.provisioned != null
    error_message = "model_id is a customized model, which Bedrock serves with provisioned throughput: set provisioned; received \"${var.model_id}\"."
  }

  validation {
    condition     = var.provisioned == null || !can(regex("^(us-gov|us|eu|apac|jp|au|ca|global)\\.", var.model_id))
    error_message = "provisioned requires a model_id of this region, not a system inference profile; received \"${var.model_id}\"."
  }
}

variable "provisioned" {
  description = "Provisioned throughput, billed by the hour: model units and commitment. Null is on demand."
  type = object({
    model_units = optional(number, 1)
    commitment  = optional(string)
  })
  default = null

  validation {
    condition     = var.provisioned == null ? true : var.provisioned.model_units >= 1 && floor(var.provisioned.model_units) == var.provisioned.model_units && contains(["none", "OneMonth", "SixMonths"], coalesce(var.provisioned.commitment, "none"))
    error_message = "provisioned must have whole model_units from 1, and commitment OneMonth, SixMonths or none; received ${jsonencode(var.provisioned)}."
  }
}

variable "guardrail" {
  description = "Guardrail: content filters by kind and strength, PII by type and action, denied topics by name and definition, and words. Null is none."
  type = object({
    kms_key_arn    = string
    blocked_input  = optional(string, "This request cannot be answered.")
    blocked_output = optional(string, "This answer cannot be given.")
    filters        = optional(map(string), {})
    pii            = optional(map(string), {})
    denied_topics  = optional(map(string), {})
    words          = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.guardrail == null ? true : length(var.guardrail.filters) + length(var.guardrail.pii) + length(var.guardrail.denied_topics) + length(var.guardrail.words) > 0
    error_message = "guardrail must have at least one of filters, pii, denied_topics and words; received ${jsonencode(var.guardrail)}."
  }

  validation {
    condition     = var.guardrail == null ? true : alltrue([for kind, strength in var.guardrail.filters : contains(["HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT", "PROMPT_ATTACK"], kind) && contains(["LOW", "MEDIUM", "HIGH"], strength)])
    error_message = "guardrail.filters must be HATE, INSULTS, SEXUAL, VIOLENCE, MISCONDUCT or PROMPT_ATTACK with LOW, MEDIUM or HIGH; received ${jsonencode(try(var.guardrail.filters, {}))}."
  }

  validation {
    condition     = var.guardrail == null ? true : alltrue([for action in values(var.guardrail.pii) : contains(["BLOCK", "ANONYMIZE"], action)])
    error_message = "guardrail.pii must have the actions BLOCK or ANONYMIZE; received ${jsonencode(try(var.guardrail.pii, {}))}."
  }
}

variable "topic_arn" {
  description = "SNS topic that receives the alarms."
  type        = string
}

variable "routes_prefix" {
  description = "SSM path of the route records that the model router reads, e.g. /mlops/dev/routes."
  type        = string

  validation {
    condition     = startswith(var.routes_prefix, "/") && !endswith(var.routes_prefix, "/")
    error_message = "routes_prefix must start with a slash and not end with one; received \"${var.routes_prefix}\"."
  }
}

variable "router_role_name" {
  description = "Role that invokes the model, the router's or a worker's; it gets permission to invoke this profile only."
  type        = string
}

variable "job" {
  description = "For kind async: the queue of requests, and their limits. Null for synchronous kinds."
  type = object({
    queue_url                  = string
    ttl_seconds                = number
    invocation_timeout_seconds = number
    max_input_mb               = number
  })
  default = null

  validation {
    condition     = (var.job != null) == (var.blueprint.kind == "async")
    error_message = "job must be given for kind async, and for no other; received ${jsonencode(var.job)} and kind \"${var.blueprint.kind}\"."
  }
}

variable "thresholds" {
  description = "When the alarms fire: latency (p99) and share of failed invocations."
  type = object({
    latency_ms         = optional(number, 30000)
    error_rate_percent = optional(number, 5)
  })
  default = {}
}

variable "knowledge_base" {
  description = "Knowledge base whose passages are added to the prompt, the number of passages, and the policy document to retrieve them (module bedrock_knowledge_base). Null is none."
  type = object({
    id                       = string
    results                  = optional(number, 5)
    retrieve_policy_document = string
  })
  default = null

  validation {
    condition     = var.knowledge_base == null ? true : var.knowledge_base.results >= 1 && var.knowledge_base.results <= 100
    error_message = "knowledge_base.results must lie between 1 and 100; received ${try(var.knowledge_base.results, 0)}."
  }

  validation {
    condition     = var.knowledge_base == null || var.agent == null
    error_message = "knowledge_base must be set on the agent where there is one, since the agent retrieves documents itself; received agent ${try(var.agent.id, "")}"
  }
}

variable "agent" {
  description = "Agent that answers instead of the model: its id and alias, and the policy document to invoke it (module bedrock_agent). Null is none."
  type = object({
    id                     = string
    alias_id               = string
    invoke_policy_document = string
  })
  default = null
}
