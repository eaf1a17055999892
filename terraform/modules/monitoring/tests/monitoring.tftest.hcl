mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "an_environment_without_blueprints_has_no_empty_rows" {
  assert {
    condition     = toset(compact([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : try(w.properties.markdown, "")])) == toset(["## API mlops-dev-inference, stage v1", "## Model router", "## Training pipeline"])
    error_message = "The dashboard must only have rows for existing parts."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.api_latency.threshold == 2000
    error_message = "Without generative models the API must answer within the threshold."
  }
}

run "every_method_is_on_the_one_dashboard" {
  variables {
    blueprints = {
      reviews = { kind = "realtime", source = "sagemaker", endpoint_name = "mlops-dev-reviews" }
      chat    = { kind = "realtime", source = "bedrock" }
    }
  }

  assert {
    condition     = length(toset(compact([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : try(w.properties.markdown, "")]))) == 5
    error_message = "API, router, endpoints, Bedrock and pipeline must each have a row."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "mlops-dev-reviews p99")
    error_message = "The endpoint's p99 must be drawn."
  }

  assert {
    condition     = alltrue([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : w.x + w.width <= 24])
    error_message = "Graphs must fit in the 24 columns."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.api_latency.threshold == 20000
    error_message = "Generated answers take seconds."
  }
}

run "alarms_reach_the_topic" {
  variables {
    thresholds = { error_rate_percent = 10 }
  }

  assert {
    condition     = alltrue([for alarm in local.alarms : contains(alarm.alarm_actions, var.topic_arn)])
    error_message = "Every alarm must reach the topic."
  }

  assert {
    condition     = length(output.alarm_names) == 5 && alltrue([for name in output.alarm_names : startswith(name, "mlops-dev-")])
    error_message = "Alarms must carry the prefix."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.router_error_lines.metric_name == one(aws_cloudwatch_log_metric_filter.router_errors.metric_transformation).name
    error_message = "The alarm must watch the metric of the log filter."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.api_errors.threshold == 10 && aws_cloudwatch_metric_alarm.router_errors.threshold == 10
    error_message = "The threshold must be the environment's."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.pipeline_failed.threshold == 0 && aws_cloudwatch_metric_alarm.router_error_lines.threshold == 0
    error_message = "One failed run, and one logged error, is one too many."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_log_metric_filter.router_errors.pattern, "ERROR")
    error_message = "The filter must count errors."
  }
}
