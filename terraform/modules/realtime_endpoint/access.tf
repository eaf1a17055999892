data "aws_partition" "current" {}

locals {
  # <account>.dkr.ecr.<region>.amazonaws.com/<repository>[:tag|@digest]
  image                = regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.[^/]+/(?P<repository>[^:@]+)", var.model_version.image)
  image_repository_arn = "arn:${data.aws_partition.current.partition}:ecr:${local.image.region}:${local.image.account}:repository/${local.image.repository}"
  ec2_arn_prefix       = "arn:${data.aws_partition.current.partition}:ec2:${var.context.region}:${var.context.account_id}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
    }
  }
}

resource "aws_iam_role" "endpoint" {
  name                 = "${local.endpoint_name}-endpoint"
  description          = "Model containers of the ${var.blueprint.name} endpoint."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy" "endpoint" {
  name   = "endpoint"
  role   = aws_iam_role.endpoint.name
  policy = data.aws_iam_policy_document.endpoint.json
}

data "aws_iam_policy_document" "endpoint" {
  statement {
    sid       = "ReadModelArtifacts"
    actions   = ["s3:GetObject"]
    resources = [for prefix in ["artifacts/training-outputs", "artifacts/models"] : "${var.bucket.arn}/${prefix}/*"]
  }

  statement {
    sid       = "ListModelArtifacts"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["artifacts/training-outputs/*", "artifacts/models/*"]
    }
  }

  dynamic "statement" {
    # The launched configuration goes on capturing when the blueprint no longer asks for it.
    for_each = var.blueprint.data_capture == null && local.launch.sampling_percent == 0 ? [] : [local.capture_prefix]

    content {
      sid       = "WriteCapturedData"
      actions   = ["s3:PutObject"]
      resources = ["${var.bucket.arn}/${statement.value}/*"]
    }
  }

  statement {
    sid       = "UseKeys"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
    resources = [var.kms.data_key_arn, var.kms.models_key_arn]
  }

  statement {
    # SageMaker attaches the encrypted volumes of the instances by a grant.
    sid       = "GrantVolumeKey"
    actions   = ["kms:CreateGrant"]
    resources = [var.kms.models_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  statement {
    sid       = "PullImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.image_repository_arn]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.endpoint.arn}:*"]
  }

  statement {
    sid     = "AttachToSubnets"
    actions = ["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"]
    resources = concat(
      ["${local.ec2_arn_prefix}:network-interface/*"],
      [for id in var.network.subnet_ids : "${local.ec2_arn_prefix}:subnet/${id}"],
      [for id in var.network.security_group_ids : "${local.ec2_arn_prefix}:security-group/${id}"],
    )
  }

  statement {
    sid       = "PublishMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # the action knows no resources, only namespaces

    condition {
      test     = "StringLike"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/*", "AWS/SageMaker"]
    }
  }

  statement {
    # These actions know no resources.
    sid = "ServiceWideActions"
    actions = [
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
      "ecr:GetAuthorizationToken",
    ]
    resources = ["*"]
  }
}
