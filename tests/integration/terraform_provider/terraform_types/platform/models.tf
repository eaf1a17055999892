variable "package" {
  description = "A Lambda deployment package."
  type        = string
}

resource "aws_lambda_function" "main" {
  function_name                  = "types"
  filename                       = var.package
  source_code_hash               = filebase64sha256(var.package)
  handler                        = "handler.handler"
  runtime                        = "python3.12"
  role                           = aws_iam_role.main.arn
  timeout                        = 10 + var.revision
  reserved_concurrent_executions = 5
  kms_key_arn                    = aws_kms_key.main.arn
  environment { variables = { REVISION = tostring(var.revision) } }
  tracing_config { mode = var.revision == 1 ? "Active" : "PassThrough" }
  dead_letter_config { target_arn = aws_sns_topic.main.arn }
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.main.name
  }
  vpc_config {
    subnet_ids         = aws_subnet.private[*].id
    security_group_ids = [aws_security_group.function.id]
  }
}

resource "aws_lambda_permission" "events" {
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.main.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.main.arn
}

resource "aws_sfn_state_machine" "main" {
  name     = "types"
  role_arn = aws_iam_role.main.arn
  definition = jsonencode({
    StartAt = "Only"
    States  = { Only = { Type = "Pass", Result = { revision = var.revision }, End = true } }
  })
  tracing_configuration { enabled = true }
  logging_configuration {
    include_execution_data = true
    level                  = "ALL"
    log_destination        = "${aws_cloudwatch_log_group.main.arn}:*"
  }
}

resource "aws_sagemaker_model_package_group" "main" {
  model_package_group_name        = "types"
  model_package_group_description = "Types"
}

resource "aws_sagemaker_model_package_group_policy" "main" {
  model_package_group_name = aws_sagemaker_model_package_group.main.model_package_group_name
  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = "sagemaker:DescribeModelPackageGroup"
      Resource  = aws_sagemaker_model_package_group.main.arn
    }]
  })
}
