resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; bodies of requests are not to be kept longer than asked for
  name              = "/aws/bedrock/${var.context.name_prefix}/invocations"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# One per account and region: whoever applies this last has all of them, and destroying it switches logging off.
resource "aws_bedrock_model_invocation_logging_configuration" "this" {
  logging_config {
    text_data_delivery_enabled      = var.bodies.text
    image_data_delivery_enabled     = var.bodies.images
    embedding_data_delivery_enabled = var.bodies.embeddings
    video_data_delivery_enabled     = var.bodies.videos

    cloudwatch_config {
      log_group_name = aws_cloudwatch_log_group.this.name
      role_arn       = aws_iam_role.this.arn

      # What is larger than 100 kB, or binary. The bucket's policy and its key let Bedrock in, in the stack `foundation`.
      large_data_delivery_s3_config {
        bucket_name = var.bucket.name
        key_prefix  = trimsuffix(var.bucket.prefix, "/")
      }
    }
  }

  # Bedrock tries the role out when it is named.
  depends_on = [aws_iam_role_policy.this]
}
