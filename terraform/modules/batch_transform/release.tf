# Specification for releases after the first model: the request to SageMaker without the parts that a model version
# adds. Terraform writes it, the state machine `release` reads it. There is no endpoint to update.
locals {
  desired = {
    model = {
      EnableNetworkIsolation = true
      VpcConfig = {
        Subnets          = sort(var.network.subnet_ids)
        SecurityGroupIds = sort(var.network.security_group_ids)
      }
      Container = { Environment = local.container_environment }
    }
  }

  desired_hash = substr(sha256(jsonencode(local.desired)), 0, 8)
  release_path = "/${var.context.project}/${var.context.environment}/releases"
}

resource "aws_ssm_parameter" "release" {
  # checkov:skip=CKV2_AWS_34: the record describes a model and holds no secret
  # checkov:skip=CKV_AWS_337: the record describes a model and holds no secret
  name        = "${local.release_path}/specs/${var.blueprint.name}"
  description = "What releases make the models of ${var.blueprint.name} from."
  type        = "String"

  # SSM rejects `{{` in values, and a text may contain it, so the second brace is written as a JSON escape.
  value = replace(jsonencode(merge(local.desired, {
    blueprint           = var.blueprint.name
    hash                = local.desired_hash
    jobs_name           = local.full_name
    model_group_name    = var.model_group.name
    live_parameter_name = "/${var.context.project}/${var.context.environment}/models/${var.model_group.key}/live"
    launch_config_name  = aws_sagemaker_model.this.name
    execution_role_arn  = module.role.arn
  })), "{{", "{\\u007b")
}
