# Training data that many jobs read repeatedly; S3 remains the system of record.
resource "aws_efs_file_system" "this" {
  creation_token  = "${var.context.name_prefix}-shared"
  encrypted       = true
  kms_key_id      = var.kms_key_arn
  throughput_mode = "elastic"
  tags            = { Name = "${var.context.name_prefix}-shared" }

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }
}

resource "aws_efs_backup_policy" "this" {
  file_system_id = aws_efs_file_system.this.id

  backup_policy {
    status = var.backups ? "ENABLED" : "DISABLED"
  }
}

resource "aws_efs_mount_target" "this" {
  for_each = { for position, id in var.network.subnet_ids : tostring(position) => id }

  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = each.value
  security_groups = [aws_security_group.this.id]
}

# Every client acts as this user, in this folder.
resource "aws_efs_access_point" "training" {
  file_system_id = aws_efs_file_system.this.id
  tags           = { Name = "${var.context.name_prefix}-training" }

  posix_user {
    uid = 1000
    gid = 1000
  }

  root_directory {
    path = "/training"

    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "0750"
    }
  }
}
