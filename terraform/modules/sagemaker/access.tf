data "aws_partition" "current" {}

locals {
  roles = {
    training = {
      description = "SageMaker training jobs of the pipeline."
      log_groups  = ["/aws/sagemaker/TrainingJobs"]
      policy_arns = var.training_policy_arns
    }
    candidate = {
      description = "The pipeline's temporary endpoints, on which a new model version is probed."
      log_groups  = ["/aws/sagemaker/Endpoints/${var.context.name_prefix}-candidate-*"]
      policy_arns = var.candidate_policy_arns
    }
  }

  policy_attachments = merge([
    for role, settings in local.roles : {
      for name, arn in settings.policy_arns : "${role}-${name}" => { role = role, arn = arn }
    }
  ]...)

  region_arn_suffix = "${var.context.region}:${var.context.account_id}"
  logs_arn_prefix   = "arn:${data.aws_partition.current.partition}:logs:${local.region_arn_suffix}:log-group"
  ec2_arn_prefix    = "arn:${data.aws_partition.current.partition}:ec2:${local.region_arn_suffix}"

  image_repository_arn = join(":", [
    "arn", data.aws_partition.current.partition, "ecr", var.context.region,
    data.aws_sagemaker_prebuilt_ecr_image.this.registry_id, "repository/${var.image.repository}",
  ])
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

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.context.name_prefix}-sagemaker-${each.key}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy_attachment" "bucket" {
  for_each = local.policy_attachments

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy" "job" {
  for_each = local.roles

  name   = "job"
  role   = aws_iam_role.this[each.key].name
  policy = data.aws_iam_policy_document.job[each.key].json
}

data "aws_iam_policy_document" "job" {
  for_each = local.roles

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
    # The log groups of SageMaker's jobs have fixed names that the environments of an account share.
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = flatten([for name in each.value.log_groups : ["${local.logs_arn_prefix}:${name}", "${local.logs_arn_prefix}:${name}:*"]])
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
