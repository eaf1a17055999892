# OpenAI-compatible API: its paths do not depend on the blueprints, since the request's `model` names the blueprint. The
# function that serves the native paths serves these too.
locals {
  openai_paths = {
    "chat/completions" = { verb = "POST", parent = "chat", part = "completions", schema = "OpenAiChat" }
    "completions"      = { verb = "POST", parent = null, part = "completions", schema = "OpenAiCompletion" }
    "embeddings"       = { verb = "POST", parent = null, part = "embeddings", schema = "OpenAiEmbedding" }
    "models"           = { verb = "GET", parent = null, part = "models", schema = null }
    "models/{model}"   = { verb = "GET", parent = "models", part = "{model}", schema = null }
  }

  openai_auth_methods = { for auth, settings in local.auth_methods : auth => settings if var.openai != null }

  # Resources of the first level below v1: each must exist before the ones below it.
  openai_branches = merge([
    for auth, settings in local.openai_auth_methods : {
      for part in ["chat", "completions", "embeddings", "models"] : "${settings.prefix}v1/${part}" => { auth = auth, part = part }
    }
  ]...)

  openai_leaves = merge([
    for auth, settings in local.openai_auth_methods : {
      for path, route in local.openai_paths : "${settings.prefix}v1/${path}" => merge(route, { auth = auth, above = "${settings.prefix}v1/${route.parent}" }) if route.parent != null
    }
  ]...)

  openai_methods = merge([
    for auth, settings in local.openai_auth_methods : {
      for path, route in local.openai_paths : "${settings.prefix}v1/${path}" => merge(route, { auth = auth })
    }
  ]...)

  openai_resource_ids = merge(
    { for path, resource in aws_api_gateway_resource.openai_branch : path => resource.id },
    { for path, resource in aws_api_gateway_resource.openai_leaf : path => resource.id },
  )

  openai_verbs = merge([
    for auth, settings in local.openai_auth_methods : {
      for verb in ["GET", "POST"] : "${settings.prefix}v1/${verb}" => { verb = verb, path = "${settings.prefix}v1" }
    }
  ]...)
}

resource "aws_api_gateway_resource" "openai" {
  for_each = local.openai_auth_methods

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = local.auth_resource_ids[each.key]
  path_part   = "v1"
}

resource "aws_api_gateway_resource" "openai_branch" {
  for_each = local.openai_branches

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.openai[each.value.auth].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "openai_leaf" {
  for_each = local.openai_leaves

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.openai_branch[each.value.above].id
  path_part   = each.value.part
}

resource "aws_api_gateway_method" "openai" {
  for_each = local.openai_methods

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.openai_resource_ids[each.key]
  http_method          = each.value.verb
  authorization        = local.auth_methods[each.value.auth].authorization
  authorizer_id        = local.authorizer_ids[each.value.auth]
  authorization_scopes = local.auth_methods[each.value.auth].scopes
  api_key_required     = local.auth_methods[each.value.auth].api_key_required
  request_validator_id = aws_api_gateway_request_validator.this.id

  request_models = each.value.schema == null ? {} : {
    "application/json" = aws_api_gateway_model.openai[each.value.schema].name
  }

  request_parameters = each.value.part == "{model}" ? { "method.request.path.model" = true } : {}
}

resource "aws_api_gateway_integration" "openai" {
  for_each = local.openai_methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = local.openai_resource_ids[each.key]
  http_method             = aws_api_gateway_method.openai[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = var.openai.invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_lambda_permission" "openai" {
  for_each = local.openai_verbs

  statement_id   = "api-${aws_api_gateway_rest_api.this.id}-${replace(each.key, "/", "-")}"
  action         = "lambda:InvokeFunction"
  function_name  = var.function_names["openai"]
  principal      = "apigateway.amazonaws.com"
  source_account = var.context.account_id
  source_arn     = "${aws_api_gateway_rest_api.this.execution_arn}/*/${each.value.verb}/${each.value.path}/*"
}
