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

  # The container's format is left out if it is the platform's own.
  format = var.blueprint.format == "inputs" ? {} : { format = var.blueprint.format }
}

# How the model router finds this deployment. Releases change what the endpoint runs, never its name.
resource "aws_ssm_parameter" "route" {
  # checkov:skip=CKV2_AWS_34: the record names an endpoint and holds no secret; the router reads it without a key
  # checkov:skip=CKV_AWS_337: the record names an endpoint and holds no secret; the router reads it without a key
  name        = "${var.routes_prefix}/${var.blueprint.name}"
  description = "Route of the ${var.blueprint.name} blueprint, read by the model router."
  type        = "String"

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge({
    blueprint = var.blueprint.name
    kind      = "serverless"
    source    = "sagemaker"
    targets = concat(
      [merge({ name = "primary", endpoint_name = aws_sagemaker_endpoint.this.name }, local.own_routing, local.format)],
      local.others,
    )
    parameters = var.blueprint.parameters
  }, local.record_routing, length(local.limits) == 0 ? {} : { limits = local.limits })), "{{", "{\\u007b")
}
