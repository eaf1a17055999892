locals {
  # What leaves the network through the S3 endpoint stays in this account, apart from two buckets of
  # AWS's own: container image layers (ECR) and JumpStart models.
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
        Sid       = "BucketsOfAws"
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

# Costs nothing and keeps S3 traffic off the NAT gateway: always there.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.context.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat([for table in aws_route_table.private : table.id], aws_route_table.isolated[*].id)
  policy            = jsonencode(local.s3_endpoint_policy)

  tags = { Name = "${var.context.name_prefix}-s3" }
}

# Billed per hour, zone and service: more than a NAT gateway from the second one on.
resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.network.interface_endpoints)

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.context.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.interface_endpoints[0].id]
  private_dns_enabled = true

  tags = { Name = "${var.context.name_prefix}-${each.value}" }
}
