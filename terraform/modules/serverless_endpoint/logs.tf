resource "aws_cloudwatch_log_group" "endpoint" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of container logs is not required everywhere
  name              = "/aws/sagemaker/Endpoints/${local.endpoint_name}"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arn
}
