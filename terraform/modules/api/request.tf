# What every method accepts, whatever model answers: texts, and parameters for the model.
locals {
  request_schema = {
    "$schema"            = "http://json-schema.org/draft-04/schema#"
    title                = "InferenceRequest"
    type                 = "object"
    required             = ["inputs"]
    additionalProperties = false
    properties = {
      inputs = {
        type     = "array"
        minItems = 1
        maxItems = 100
        items    = { type = "string", minLength = 1, maxLength = 20000 }
      }
      parameters = { type = "object" }
    }
  }
}

resource "aws_api_gateway_model" "request" {
  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = "InferenceRequest"
  description  = "Texts to answer, with optional parameters for the model."
  content_type = "application/json"
  schema       = jsonencode(local.request_schema)
}

resource "aws_api_gateway_request_validator" "this" {
  rest_api_id                 = aws_api_gateway_rest_api.this.id
  name                        = "body-and-parameters"
  validate_request_body       = true
  validate_request_parameters = true
}
