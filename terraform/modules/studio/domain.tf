# VpcOnly: apps connect through the VPC only, with its security group, flow logs and endpoint policies.
resource "aws_sagemaker_domain" "this" {
  domain_name             = "${var.context.name_prefix}-studio"
  auth_mode               = "IAM"
  vpc_id                  = var.network.vpc_id
  subnet_ids              = var.network.subnet_ids
  app_network_access_type = "VpcOnly"
  kms_key_id              = var.kms_key_arns.models
  tag_propagation         = "ENABLED" # resources that people create get our tags for cost reports and audits

  # Defaults of profiles and spaces; the role with the fewest permissions.
  default_user_settings {
    execution_role      = aws_iam_role.profile["data_scientist"].arn
    security_groups     = [var.network.security_group_id]
    studio_web_portal   = "ENABLED"
    default_landing_uri = "studio::"

    jupyter_lab_app_settings {
      lifecycle_config_arns = [aws_sagemaker_studio_lifecycle_config.start.arn]

      default_resource_spec {
        instance_type        = var.apps.instance_type
        lifecycle_config_arn = aws_sagemaker_studio_lifecycle_config.start.arn
      }

      app_lifecycle_management {
        idle_settings {
          lifecycle_management        = "ENABLED"
          idle_timeout_in_minutes     = var.apps.idle_minutes
          max_idle_timeout_in_minutes = var.apps.idle_minutes # spaces cannot exceed it
        }
      }
    }

    space_storage_settings {
      default_ebs_storage_settings {
        default_ebs_volume_size_in_gb = var.apps.volume_gb
        maximum_ebs_volume_size_in_gb = var.apps.max_volume_gb
      }
    }

    # Output of cells may show data: it stays out of shared snapshots.
    sharing_settings {
      notebook_output_option = "Disabled"
    }
  }

  # Shared spaces, which belong to no profile.
  default_space_settings {
    execution_role  = aws_iam_role.profile["data_scientist"].arn
    security_groups = [var.network.security_group_id]

    jupyter_lab_app_settings {
      lifecycle_config_arns = [aws_sagemaker_studio_lifecycle_config.start.arn]

      default_resource_spec {
        instance_type        = var.apps.instance_type
        lifecycle_config_arn = aws_sagemaker_studio_lifecycle_config.start.arn
      }

      app_lifecycle_management {
        idle_settings {
          lifecycle_management        = "ENABLED"
          idle_timeout_in_minutes     = var.apps.idle_minutes
          max_idle_timeout_in_minutes = var.apps.idle_minutes
        }
      }
    }

    space_storage_settings {
      default_ebs_storage_settings {
        default_ebs_volume_size_in_gb = var.apps.volume_gb
        maximum_ebs_volume_size_in_gb = var.apps.max_volume_gb
      }
    }
  }

  # AWS retains home folders by default, and an unmounted file system still blocks deleting its VPC.
  retention_policy {
    home_efs_file_system = var.context.protected ? "Retain" : "Delete"
  }

  lifecycle {
    precondition {
      condition     = var.packages.from == "image" || var.network.internet_access
      error_message = "packages.from = \"${var.packages.from}\" requires internet access at each start of an app, and network.internet_access is ${var.network.internet_access} (network.nat = \"none\", or an existing network without internet_egress): pip would wait and fail. Use packages.from = \"image\"."
    }
  }
}

resource "aws_sagemaker_user_profile" "this" {
  for_each = local.profiles

  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "${var.context.name_prefix}-${each.value.name}"

  user_settings {
    execution_role  = aws_iam_role.profile[each.key].arn
    security_groups = [var.network.security_group_id]
  }

  # A user of the profile acts under this role immediately.
  depends_on = [aws_iam_role_policy.own, aws_iam_role_policy.attached]
}
