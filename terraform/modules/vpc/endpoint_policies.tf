locals {
  # The S3 endpoint only reaches buckets of this account and two AWS buckets: container image layers (ECR) and JumpStart
  # models.
  s3_endpoint_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnBuckets"
        Effect    = "Allow"
        Principal = "*"
        Action = [
          "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion",
          "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:PutObject",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:s3:::*"
        Condition = {
          StringEquals = {
            "aws:PrincipalAccount" = var.context.account_id
            "aws:ResourceAccount"  = var.context.account_id
          }
        }
      },
      {
        Sid       = "ReadAwsBuckets"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:GetObject", "s3:ListBucket"]
        Resource = flatten([
          for bucket in ["prod-${var.context.region}-starport-layer-bucket", "jumpstart-cache-prod-${var.context.region}"] : [
            "arn:${data.aws_partition.current.partition}:s3:::${bucket}",
            "arn:${data.aws_partition.current.partition}:s3:::${bucket}/*",
          ]
        ])
      },
    ]
  }
}

# Interface endpoints serve this account's identities only: credentials brought along from elsewhere cannot
# carry data out through them.
locals {
  # IAM action prefixes that differ from the endpoint's name.
  endpoint_actions = {
    "bedrock-agent-runtime" = ["bedrock:*"]
    "bedrock-runtime"       = ["bedrock:*"]
    "ecr.api"               = ["ecr:*"]
    "ecr.dkr"               = ["ecr:*"]
    "monitoring"            = ["cloudwatch:*"]
    "sagemaker.api"         = ["sagemaker:*"]
    "sagemaker.runtime"     = ["sagemaker:*"]
  }

  # Services whose requests could send data to a queue, topic, secret, function or workflow of another account.
  own_resources_only = ["lambda", "secretsmanager", "sns", "sqs", "states"]

  interface_endpoint_policies = {
    for name in var.network.interface_endpoints : name => {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "AllowOwnAccount"
        Effect    = "Allow"
        Principal = "*"
        Action    = lookup(local.endpoint_actions, name, ["${name}:*"])
        Resource  = "*"
        Condition = {
          StringEquals = merge(
            { "aws:PrincipalAccount" = var.context.account_id },
            contains(local.own_resources_only, name) ? { "aws:ResourceAccount" = var.context.account_id } : {},
          )
        }
      }]
    }
  }
}
