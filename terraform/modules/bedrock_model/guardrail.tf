# Filters of requests and answers. A version is an immutable copy: the route names it, and a change of the guardrail
# creates the next one.
resource "aws_bedrock_guardrail" "this" {
  count = var.guardrail == null ? 0 : 1

  name                      = local.profile_name
  description               = "Filters requests and answers of ${var.blueprint.name}."
  blocked_input_messaging   = var.guardrail.blocked_input
  blocked_outputs_messaging = var.guardrail.blocked_output
  kms_key_arn               = var.guardrail.kms_key_arn

  dynamic "content_policy_config" {
    for_each = length(var.guardrail.filters) == 0 ? [] : [var.guardrail.filters]

    content {
      dynamic "filters_config" {
        for_each = content_policy_config.value

        content {
          type           = filters_config.key
          input_strength = filters_config.value
          # Prompt attacks only occur in requests.
          output_strength = filters_config.key == "PROMPT_ATTACK" ? "NONE" : filters_config.value
        }
      }
    }
  }

  dynamic "sensitive_information_policy_config" {
    for_each = length(var.guardrail.pii) == 0 ? [] : [var.guardrail.pii]

    content {
      dynamic "pii_entities_config" {
        for_each = sensitive_information_policy_config.value

        content {
          type   = pii_entities_config.key
          action = pii_entities_config.value
        }
      }
    }
  }

  dynamic "topic_policy_config" {
    for_each = length(var.guardrail.denied_topics) == 0 ? [] : [var.guardrail.denied_topics]

    content {
      dynamic "topics_config" {
        for_each = topic_policy_config.value

        content {
          name       = topics_config.key
          definition = topics_config.value
          type       = "DENY"
        }
      }
    }
  }

  dynamic "word_policy_config" {
    for_each = length(var.guardrail.words) == 0 ? [] : [var.guardrail.words]

    content {
      dynamic "words_config" {
        for_each = word_policy_config.value

        content {
          text = words_config.value
        }
      }
    }
  }
}

resource "aws_bedrock_guardrail_version" "this" {
  count = var.guardrail == null ? 0 : 1

  guardrail_arn = aws_bedrock_guardrail.this[0].guardrail_arn
  description   = substr(sha256(jsonencode(var.guardrail)), 0, 8)

  lifecycle {
    # The router may still hold the record that names the one before.
    create_before_destroy = true
  }
}
