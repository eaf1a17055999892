variable "model_data_url" {
  description = "A model.tar.gz that can be served."
  type        = string
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com", "lambda.amazonaws.com", "sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "main" {
  name               = "serving"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "model" {
  statement {
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::serving-models", "arn:aws:s3:::serving-models/*"]
  }

  statement {
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::serving-capture/*"]
  }
}

resource "aws_iam_role_policy" "main" {
  name   = "model"
  role   = aws_iam_role.main.id
  policy = data.aws_iam_policy_document.model.json
}

resource "aws_sagemaker_model" "main" {
  name                     = "serving"
  execution_role_arn       = aws_iam_role.main.arn
  enable_network_isolation = true
  primary_container {
    image          = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    model_data_url = var.model_data_url
    environment    = { SAGEMAKER_PROGRAM = "inference.py" }
  }

  depends_on = [aws_iam_role_policy.main]
}

resource "aws_sagemaker_endpoint_configuration" "main" {
  name = "serving-${var.revision}"
  production_variants {
    variant_name           = "primary"
    model_name             = aws_sagemaker_model.main.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
    initial_variant_weight = 1
  }
  data_capture_config {
    enable_capture              = true
    initial_sampling_percentage = 10
    destination_s3_uri          = "s3://serving-capture/inference/"
    capture_options { capture_mode = "Input" }
    capture_options { capture_mode = "Output" }
  }
  lifecycle { create_before_destroy = true }
}

resource "aws_sagemaker_endpoint" "main" {
  name                 = "serving"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.main.name
}

resource "aws_appautoscaling_target" "main" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.main.name}/variant/primary"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 1 + var.revision
}

resource "aws_appautoscaling_policy" "main" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.main.service_namespace
  resource_id        = aws_appautoscaling_target.main.resource_id
  scalable_dimension = aws_appautoscaling_target.main.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value       = 100 * var.revision
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    predefined_metric_specification { predefined_metric_type = "SageMakerVariantInvocationsPerInstance" }
  }
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/serving/main"
  retention_in_days = 30
}

resource "aws_bedrock_inference_profile" "main" {
  name        = "serving"
  description = "Costs of one blueprint"
  model_source {
    copy_from = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
  }
}

resource "aws_bedrock_guardrail" "main" {
  name                      = "serving"
  description               = "revision ${var.revision}"
  blocked_input_messaging   = "no"
  blocked_outputs_messaging = "no"
  content_policy_config {
    filters_config {
      type            = "HATE"
      input_strength  = "HIGH"
      output_strength = "HIGH"
    }
  }
  word_policy_config {
    managed_word_lists_config { type = "PROFANITY" }
    words_config { text = "revision${var.revision}" }
  }
  sensitive_information_policy_config {
    pii_entities_config {
      type   = "EMAIL"
      action = "ANONYMIZE"
    }
  }
}

resource "aws_bedrock_model_invocation_logging_configuration" "main" {
  logging_config {
    embedding_data_delivery_enabled = false
    image_data_delivery_enabled     = false
    text_data_delivery_enabled      = true
    cloudwatch_config {
      log_group_name = aws_cloudwatch_log_group.main.name
      role_arn       = aws_iam_role.main.arn
    }
  }
}
