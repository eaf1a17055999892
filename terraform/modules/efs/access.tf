resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:Attached to every mount target of files.tf
  name        = "${var.context.name_prefix}-shared-files"
  description = "Mount targets of the shared files"
  vpc_id      = var.network.vpc_id
  tags        = { Name = "${var.context.name_prefix}-shared-files" }
}

resource "aws_vpc_security_group_ingress_rule" "nfs" {
  for_each = var.network.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "NFS from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

# The other direction: these groups reach nothing that no rule names.
resource "aws_vpc_security_group_egress_rule" "nfs" {
  for_each = var.network.client_security_group_ids

  security_group_id            = each.value
  description                  = "NFS to the shared files"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

# Only identities of this account, through a mount target and with encryption in transit.
resource "aws_efs_file_system_policy" "this" {
  file_system_id = aws_efs_file_system.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "MountThroughTarget"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.this.arn
        Condition = {
          Bool         = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
          StringEquals = { "aws:PrincipalAccount" = var.context.account_id, "elasticfilesystem:AccessPointArn" = aws_efs_access_point.training.arn }
        }
      },
      {
        Sid       = "DenyUnencrypted"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# The same as an identity policy, for roles that mount.
locals {
  client_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "MountSharedFiles"
      Effect    = "Allow"
      Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource  = aws_efs_file_system.this.arn
      Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = aws_efs_access_point.training.arn } }
    }]
  }
}
