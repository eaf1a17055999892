# Asynchronous and batch requests: a request is accepted immediately and its status is queried later. One function
# serves them for all blueprints. It is separate from the router because it writes inputs and reads results and calls no
# model.
locals {
  job_auth_methods = { for auth, settings in local.auth_methods : auth => settings if var.jobs != null }

  # Resources below /<kind>/{blueprint}, and the request schema of each verb.
  job_leaves = {
    async = ["{request_id}", "uploads"]
    batch = ["{request_id}"]
  }

  job_routes = {
    "async/{blueprint}"              = { kind = "async", leaf = null, verb = "POST", schema = "AsyncRequest" }
    "async/{blueprint}/uploads"      = { kind = "async", leaf = "uploads", verb = "POST", schema = "UploadRequest" }
    "async/{blueprint}/{request_id}" = { kind = "async", leaf = "{request_id}", verb = "GET", schema = null }
    "batch/{blueprint}"              = { kind = "batch", leaf = null, verb = "POST", schema = "BatchRequest" }
    "batch/{blueprint}/{request_id}" = { kind = "batch", leaf = "{request_id}", verb = "GET", schema = null }
  }

  job_kinds = merge([
    for auth, settings in local.job_auth_methods : { for kind in keys(local.job_leaves) : "${settings.prefix}${kind}" => { auth = auth, kind = kind } }
  ]...)

  job_children = merge([
    for path, each in local.job_kinds : { for leaf in local.job_leaves[each.kind] : "${path}/${leaf}" => { above = path, leaf = leaf } }
  ]...)

  job_methods = merge([
    for auth, settings in local.job_auth_methods : {
      for path, route in local.job_routes : "${settings.prefix}${path}" => merge(route, { auth = auth, above = "${settings.prefix}${route.kind}" })
    }
  ]...)

  job_permissions = merge([
    for path in keys(local.job_kinds) : { for verb in ["GET", "POST"] : "${path}/${verb}" => { verb = verb, path = path } }
  ]...)

  # A request as every kind takes it, or one that was uploaded before.
  job_schemas = {
    AsyncRequest = {
      description = "Inputs to answer (texts, numbers, lists or objects), with optional parameters for the model; or the key of an upload."
      schema = {
        type                 = "object"
        additionalProperties = false
        properties           = merge(local.request_schema.properties, { input = { type = "string", minLength = 1, maxLength = 1024 } })
        oneOf                = [{ required = ["inputs"] }, { required = ["input"] }]
      }
    }
    UploadRequest = {
      description = "The exact size of what will be uploaded."
      schema = {
        type                 = "object"
        required             = ["bytes"]
        additionalProperties = false
        properties           = { bytes = { type = "integer", minimum = 2, maximum = 1073741824 } }
      }
    }
    BatchRequest = {
      description = "The object that holds the records, and an id under which the same job is never submitted twice."
      schema = {
        type                 = "object"
        required             = ["input"]
        additionalProperties = false
        properties = {
          input      = { type = "string", minLength = 1, maxLength = 1024 }
          request_id = { type = "string", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,62}$" }
          retry      = { type = "boolean" }
        }
      }
    }
  }
}

resource "aws_api_gateway_resource" "job_kind" {
  for_each = local.job_kinds

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = local.auth_resource_ids[each.value.auth]
  path_part   = each.value.kind
}

resource "aws_api_gateway_resource" "job_blueprint" {
  for_each = local.job_kinds

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.job_kind[each.key].id
  path_part   = "{blueprint}"
}

resource "aws_api_gateway_resource" "job_leaf" {
  for_each = local.job_children

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.job_blueprint[each.value.above].id
  path_part   = each.value.leaf
}

resource "aws_api_gateway_model" "job" {
  for_each = { for name, each in local.job_schemas : name => each if var.jobs != null }

  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = each.key
  description  = each.value.description
  content_type = "application/json"
  schema       = jsonencode(merge({ "$schema" = local.schema_language, title = each.key }, each.value.schema))
}

resource "aws_api_gateway_method" "job" {
  for_each = local.job_methods

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = each.value.leaf == null ? aws_api_gateway_resource.job_blueprint[each.value.above].id : aws_api_gateway_resource.job_leaf["${each.value.above}/${each.value.leaf}"].id
  http_method          = each.value.verb
  authorization        = local.auth_methods[each.value.auth].authorization
  authorizer_id        = local.authorizer_ids[each.value.auth]
  authorization_scopes = local.auth_methods[each.value.auth].scopes
  api_key_required     = local.auth_methods[each.value.auth].api_key_required
  request_validator_id = aws_api_gateway_request_validator.this.id

  request_models = each.value.schema == null ? {} : {
    "application/json" = aws_api_gateway_model.job[each.value.schema].name
  }

  request_parameters = merge(
    { "method.request.path.blueprint" = true },
    each.value.leaf == "{request_id}" ? { "method.request.path.request_id" = true } : {},
  )
}

resource "aws_api_gateway_integration" "job" {
  for_each = local.job_methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_method.job[each.key].resource_id
  http_method             = aws_api_gateway_method.job[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = var.jobs.invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_lambda_permission" "job" {
  for_each = local.job_permissions

  statement_id   = "api-${aws_api_gateway_rest_api.this.id}-${replace(each.key, "/", "-")}"
  action         = "lambda:InvokeFunction"
  function_name  = var.function_names["jobs"]
  principal      = "apigateway.amazonaws.com"
  source_account = var.context.account_id
  source_arn     = "${aws_api_gateway_rest_api.this.execution_arn}/*/${each.value.verb}/${each.value.path}/*"
}
