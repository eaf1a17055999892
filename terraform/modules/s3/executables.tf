# What roles execute: programs, and models, whose archives hold the code that serves them. Whoever writes such an
# object is, in effect, the role that runs it. So each of these prefixes has its writers, and this policy refuses
# everybody else, whatever an identity policy allows.
#
# Roles are named by their names alone: the bucket comes before them. The deploying identity is not taken from the
# plan's credentials, since a plan may be made by one role and applied by another; the environment names it
# (`access.deployers`). Without a list, every role that carries the environment's name is refused, which are all
# roles that the platform makes; other principals of the account are then limited by their own policies. Neither
# form denies changing this policy, so a wrong list is mended by the next deployment.
locals {
  role_arn = "arn:${data.aws_partition.current.partition}:iam::${var.context.account_id}:role"

  executables = {
    Code            = { prefix = "artifacts/code/", writers = [] }
    Models          = { prefix = "artifacts/models/", writers = ["model-artifacts"] }
    TrainingOutputs = { prefix = "artifacts/training-outputs/", writers = ["sagemaker-training"] }
    Checkpoints     = { prefix = "artifacts/checkpoints/", writers = ["sagemaker-training"] }
  }

  writer_arns = { for name, each in local.executables : name => [for writer in each.writers : "${local.role_arn}/${var.context.name_prefix}-${writer}"] }
  exempt_arns = { for name, arns in local.writer_arns : name => concat(var.deployer_arns, arns) }

  executable_statements = [for name, each in local.executables : {
    Sid       = "DenyReplacing${name}"
    Effect    = "Deny"
    Principal = "*"
    Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject*", "s3:PutObject*", "s3:Replicate*", "s3:RestoreObject"]
    Resource  = "${local.bucket_arn}/${each.prefix}*"
    Condition = merge(
      length(var.deployer_arns) > 0 ? {} : { ArnLike = { "aws:PrincipalArn" = "${local.role_arn}/${var.context.name_prefix}-*" } },
      length(local.exempt_arns[name]) == 0 ? {} : { ArnNotEquals = { "aws:PrincipalArn" = local.exempt_arns[name] } },
    )
  }]
}
