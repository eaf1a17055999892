mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  blueprint = {
    name       = "chat"
    parameters = { max_tokens = 256, style = "brief" }
  }
}

run "name_with_capitals_is_refused" {
  command = plan

  variables {
    blueprint = {
      name       = "Chat"
      parameters = { max_tokens = 256, style = "brief" }
    }
  }

  expect_failures = [var.blueprint]
}

run "kind_of_jobs_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat", kind = "batch" }
  }

  expect_failures = [var.blueprint]
}

run "model_without_provider_is_refused" {
  command = plan

  variables {
    model_id = "nova"
  }

  expect_failures = [var.model_id]
}

run "model_arn_is_refused" {
  command = plan

  variables {
    model_id = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
  }

  expect_failures = [var.model_id]
}

run "routes_prefix_with_trailing_slash_is_refused" {
  command = plan

  variables {
    routes_prefix = "/mlops/dev/routes/"
  }

  expect_failures = [var.routes_prefix]
}

run "customized_model_on_demand_is_refused" {
  command = plan

  variables {
    model_id = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/abc123"
  }

  expect_failures = [var.model_id]
}

run "half_a_model_unit_is_refused" {
  command = plan

  variables {
    provisioned = { model_units = 0.5 }
  }

  expect_failures = [var.provisioned]
}

run "provisioned_system_profile_is_refused" {
  command = plan

  variables {
    model_id    = "us.amazon.nova-lite-v1:0"
    provisioned = {}
  }

  expect_failures = [var.model_id]
}

run "guardrail_of_nothing_is_refused" {
  command = plan

  variables {
    guardrail = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
  }

  expect_failures = [var.guardrail]
}

run "unknown_filter_is_refused" {
  command = plan

  variables {
    guardrail = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1", filters = { RUDENESS = "HIGH" } }
  }

  expect_failures = [var.guardrail]
}

run "unknown_action_on_pii_is_refused" {
  command = plan

  variables {
    guardrail = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1", pii = { EMAIL = "HIDE" } }
  }

  expect_failures = [var.guardrail]
}

run "routing_to_itself_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat", routing = { fallback = ["chat"] } }
  }

  expect_failures = [var.blueprint]
}

run "routing_with_shares_of_more_than_everything_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat", routing = { share_percent = { one = 60, other = 50 } } }
  }

  expect_failures = [var.blueprint]
}

run "routing_with_more_retries_than_the_router_takes_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat", routing = { retries = 11 } }
  }

  expect_failures = [var.blueprint]
}

run "no_pieces_of_documents_are_refused" {
  command = plan

  variables {
    knowledge_base = { id = "KB12345678", results = 0, retrieve_policy_document = "{}" }
  }

  expect_failures = [var.knowledge_base]
}

run "documents_beside_an_agent_are_refused" {
  command = plan

  variables {
    knowledge_base = { id = "KB12345678", retrieve_policy_document = "{}" }
    agent          = { id = "AG12345678", alias_id = "AL12345678", invoke_policy_document = "{}" }
  }

  expect_failures = [var.knowledge_base]
}

run "a_queue_for_callers_who_wait_is_refused" {
  command = plan

  variables {
    job = { queue_url = "https://sqs.us-east-1.amazonaws.com/123456789012/mlops-dev-chat", ttl_seconds = 3600, invocation_timeout_seconds = 60, max_input_mb = 1 }
  }

  expect_failures = [var.job]
}

run "a_limit_of_nothing_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat", limits = { max_tokens = 0 } }
  }

  expect_failures = [var.blueprint]
}
