resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of execution logs is not required everywhere
  # The vendedlogs prefix keeps the account's one resource policy for log delivery below its size limit.
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
}
