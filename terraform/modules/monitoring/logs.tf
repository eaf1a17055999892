locals {
  metric_namespace  = "${var.context.project}/${var.context.environment}"
  error_metric_name = "RouterErrorLines"
  error_query_name  = "${var.context.name_prefix}/router-errors"
}

resource "aws_cloudwatch_log_metric_filter" "router_errors" {
  name           = "${var.context.name_prefix}-router-errors"
  log_group_name = var.router.log_group_name
  pattern        = "{ $.level = \"ERROR\" }" # functions log JSON

  metric_transformation {
    namespace     = local.metric_namespace
    name          = local.error_metric_name
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_query_definition" "router_errors" {
  name            = local.error_query_name
  log_group_names = [var.router.log_group_name]

  query_string = <<-EOT
    fields @timestamp, request_id, blueprint, message
    | filter level = "ERROR"
    | sort @timestamp desc
    | limit 100
  EOT
}
