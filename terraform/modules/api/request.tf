# Request schema of every method, independent of the model: inputs and model parameters. The functions check what an
# input holds; which types a model takes only they know.
locals {
  schema_language = "http://json-schema.org/draft-04/schema#"

  request_schema = {
    "$schema"            = local.schema_language
    title                = "InferenceRequest"
    type                 = "object"
    required             = ["inputs"]
    additionalProperties = false
    properties = {
      inputs = {
        type     = "array"
        minItems = 1
        maxItems = 100
        items    = { type = ["string", "number", "array", "object"], minLength = 1, maxLength = 20000, minItems = 1, minProperties = 1 }
      }
      parameters = { type = "object" }
    }
  }

  # Only checks for an object: the gateway rejects requests in its own error format, which OpenAI clients do not
  # understand. The router validates every field and answers in OpenAI's format.
  openai_schemas = {
    OpenAiChat       = { description = "Chat in OpenAI's form: model, messages." }
    OpenAiCompletion = { description = "Completion in OpenAI's form: model, prompt." }
    OpenAiEmbedding  = { description = "Embedding in OpenAI's form: model, input." }
  }
}

resource "aws_api_gateway_model" "request" {
  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = "InferenceRequest"
  description  = "Inputs to answer (texts, numbers, lists or objects), with optional parameters for the model."
  content_type = "application/json"
  schema       = jsonencode(local.request_schema)
}

resource "aws_api_gateway_model" "openai" {
  for_each = { for name, schema in local.openai_schemas : name => schema if var.openai != null }

  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = each.key
  description  = each.value.description
  content_type = "application/json"

  schema = jsonencode({
    "$schema" = local.schema_language
    title     = each.key
    type      = "object"
  })
}

resource "aws_api_gateway_request_validator" "this" {
  rest_api_id                 = aws_api_gateway_rest_api.this.id
  name                        = "body-and-parameters"
  validate_request_body       = true
  validate_request_parameters = true
}
