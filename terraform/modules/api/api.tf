locals {
  name = "${var.context.name_prefix}-inference"
}

resource "aws_api_gateway_rest_api" "this" {
  name           = local.name
  description    = "Inference API of ${var.context.name_prefix}: one path per method, one request schema for every model."
  api_key_source = "AUTHORIZER" # see auth_routes.tf

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # One path per inference method and authentication method; paths for API keys have no prefix.
  methods = merge([
    for auth, settings in local.auth_methods : {
      for method, target in var.methods : "${settings.prefix}${method}" => { auth = auth, method = method, invoke_arn = target.invoke_arn }
    }
  ]...)
}

resource "aws_api_gateway_resource" "method" {
  for_each = local.methods

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = local.auth_resource_ids[each.value.auth]
  path_part   = each.value.method
}

resource "aws_api_gateway_resource" "blueprint" {
  for_each = local.methods

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.method[each.key].id
  path_part   = "{blueprint}"
}

resource "aws_api_gateway_method" "post" {
  for_each = local.methods

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = aws_api_gateway_resource.blueprint[each.key].id
  http_method          = "POST"
  authorization        = local.auth_methods[each.value.auth].authorization
  authorizer_id        = local.authorizer_ids[each.value.auth]
  authorization_scopes = local.auth_methods[each.value.auth].scopes
  api_key_required     = local.auth_methods[each.value.auth].api_key_required
  request_validator_id = aws_api_gateway_request_validator.this.id

  request_models = {
    "application/json" = aws_api_gateway_model.request.name
  }

  request_parameters = {
    "method.request.path.blueprint" = true
  }
}

resource "aws_api_gateway_integration" "function" {
  for_each = local.methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.blueprint[each.key].id
  http_method             = aws_api_gateway_method.post[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_lambda_permission" "invoke" {
  for_each = local.methods

  statement_id   = "api-${aws_api_gateway_rest_api.this.id}-${replace(each.key, "/", "-")}"
  action         = "lambda:InvokeFunction"
  function_name  = var.function_names[each.value.method]
  principal      = "apigateway.amazonaws.com"
  source_account = var.context.account_id
  source_arn     = "${aws_api_gateway_rest_api.this.execution_arn}/*/POST/${each.key}/*"
}
