resource "aws_cloudwatch_log_group" "function" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of function logs is not required everywhere
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
}
