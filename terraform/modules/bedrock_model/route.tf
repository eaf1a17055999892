locals {
  routing = var.blueprint.routing

  # Other blueprints by name: the router resolves them and skips those that do not exist.
  others = [for name in distinct(concat(local.routing.fallback, sort(keys(local.routing.share_percent)))) : {
    name      = name
    blueprint = name
    weight    = lookup(local.routing.share_percent, name, 0)
  }]

  # Shares of the requests of this blueprint; blueprints without a share are fallbacks.
  own_routing = merge(
    { weight = length(local.routing.share_percent) == 0 ? 1 : 100 - sum(values(local.routing.share_percent)) },
    local.routing.timeout_seconds == null ? {} : { timeout_seconds = local.routing.timeout_seconds },
  )

  # Knowledge base or agent that answers instead of the model, if there is one.
  assistant = merge(concat(
    [for base in var.knowledge_base[*] : { api = "knowledge_base", knowledge_base_id = base.id, results = base.results }],
    [for agent in var.agent[*] : { api = "agent", agent_id = agent.id, agent_alias_id = agent.alias_id }],
    [{}],
  )...)

  record_routing = merge(
    local.routing.shadow == null ? {} : {
      shadow = {
        share  = try(local.routing.shadow.percent, 0) / 100
        target = { name = try(local.routing.shadow.blueprint, ""), blueprint = try(local.routing.shadow.blueprint, "") }
      }
    },
    local.routing.retries == null ? {} : { retry = { retries = local.routing.retries } },
    local.routing.cooldown_seconds == null ? {} : { cooldown = { seconds = local.routing.cooldown_seconds } },
  )

  # Limits that are not set are left out: the functions have defaults.
  limits = { for name, figure in var.blueprint.limits : name => figure if figure != null }
}

# How the model router finds this deployment.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names an inference profile and holds no secret; the router reads it without a key
  # checkov:skip=CKV_AWS_337: the record names an inference profile and holds no secret; the router reads it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the model router."
  type        = "String"

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge({
    blueprint = var.blueprint.name
    kind      = var.blueprint.kind
    source    = "bedrock"
    targets = concat([merge({
      name          = "primary"
      model_id      = local.target_arn
      base_model_id = var.model_id # the profile's ARN does not show which API the model uses
    }, local.assistant, local.own_routing)], local.others)
    parameters = var.blueprint.parameters
    }, local.record_routing, length(aws_bedrock_guardrail_version.this) == 0 ? {} : {
    guardrail = { id = aws_bedrock_guardrail.this[0].guardrail_id, version = aws_bedrock_guardrail_version.this[0].version }
  }, var.job == null ? {} : { job = var.job }, length(local.limits) == 0 ? {} : { limits = local.limits })), "{{", "{\\u007b")

  # A route that the router may not follow yet would answer with a permission error.
  depends_on = [aws_iam_role_policy.router, aws_iam_role_policy.router_assistant]
}
