resource "aws_sagemaker_studio_lifecycle_config" "main" {
  studio_lifecycle_config_name     = "types-${var.revision}"
  studio_lifecycle_config_app_type = "JupyterLab"
  studio_lifecycle_config_content  = base64encode("echo revision ${var.revision}")

  lifecycle { create_before_destroy = true }
}

resource "aws_sagemaker_domain" "main" {
  domain_name             = "types"
  auth_mode               = "IAM"
  vpc_id                  = aws_vpc.main.id
  subnet_ids              = aws_subnet.private[*].id
  app_network_access_type = "VpcOnly"
  kms_key_id              = aws_kms_key.main.arn
  tag_propagation         = "ENABLED"

  default_user_settings {
    execution_role  = aws_iam_role.main.arn
    security_groups = [aws_security_group.function.id]

    jupyter_lab_app_settings {
      lifecycle_config_arns = [aws_sagemaker_studio_lifecycle_config.main.arn]
      default_resource_spec { instance_type = "ml.t3.medium" }
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = 60 * var.revision
        }
      }
    }
  }

  default_space_settings {
    execution_role  = aws_iam_role.main.arn
    security_groups = [aws_security_group.function.id]
  }

  retention_policy { home_efs_file_system = "Delete" }
}

resource "aws_sagemaker_user_profile" "main" {
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = "types"

  user_settings {
    execution_role = aws_iam_role.main.arn
    space_storage_settings {
      default_ebs_storage_settings {
        default_ebs_volume_size_in_gb = 5 * var.revision
        maximum_ebs_volume_size_in_gb = 50
      }
    }
  }
}
