resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; bodies of requests must not be kept longer than configured
  name              = "/aws/bedrock/${var.context.name_prefix}/invocations"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# One per account and region: the environment that applies it last gets all logs, and destroying it disables logging.
resource "aws_bedrock_model_invocation_logging_configuration" "this" {
  logging_config {
    text_data_delivery_enabled      = var.bodies.text
    image_data_delivery_enabled     = var.bodies.images
    embedding_data_delivery_enabled = var.bodies.embeddings
    video_data_delivery_enabled     = var.bodies.videos

    cloudwatch_config {
      log_group_name = aws_cloudwatch_log_group.this.name
      role_arn       = aws_iam_role.this.arn

      # For bodies that are binary or larger than 100 kB. The stack `foundation` admits Bedrock to bucket and key.
      large_data_delivery_s3_config {
        bucket_name = var.bucket.name
        key_prefix  = trimsuffix(var.bucket.prefix, "/")
      }
    }
  }

  # Bedrock checks the role when it is set.
  depends_on = [aws_iam_role_policy.this]
}
