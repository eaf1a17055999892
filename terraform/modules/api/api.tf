locals {
  name = "${var.context.name_prefix}-inference"
}

resource "aws_api_gateway_rest_api" "this" {
  name        = local.name
  description = "Inference API of ${var.context.name_prefix}: one path per method, one request schema for every model."

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_resource" "method" {
  for_each = var.methods

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_resource" "blueprint" {
  for_each = var.methods

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.method[each.key].id
  path_part   = "{blueprint}"
}

resource "aws_api_gateway_method" "post" {
  for_each = var.methods

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = aws_api_gateway_resource.blueprint[each.key].id
  http_method          = "POST"
  authorization        = "NONE"
  api_key_required     = true
  request_validator_id = aws_api_gateway_request_validator.this.id

  request_models = {
    "application/json" = aws_api_gateway_model.request.name
  }

  request_parameters = {
    "method.request.path.blueprint" = true
  }
}

resource "aws_api_gateway_integration" "function" {
  for_each = var.methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.blueprint[each.key].id
  http_method             = aws_api_gateway_method.post[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_lambda_permission" "invoke" {
  for_each = var.methods

  statement_id   = "api-${aws_api_gateway_rest_api.this.id}-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = var.function_names[each.key]
  principal      = "apigateway.amazonaws.com"
  source_account = var.context.account_id
  source_arn     = "${aws_api_gateway_rest_api.this.execution_arn}/*/POST/${each.key}/*"
}
