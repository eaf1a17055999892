# Objects that roles execute: programs, and models, whose archives contain serving code. A principal that writes such an
# object effectively acts as the role that runs it. Verdicts of evaluations decide which models are served. So each of
# these prefixes has its writers, and this policy denies all others, whatever an identity policy allows.
#
# Roles are referred to by name, because the bucket is created before them; those of trainings by the end of their names,
# which no other role of the platform has. The deploying identity is not taken from the
# plan's credentials, since one role may plan and another apply; the environment names it (`access.deployers`). Without
# a list, every role with the environment's prefix is denied, which covers all roles of the platform; other principals
# are then limited by their own policies only. Neither form denies changing this policy, so the next deployment can
# correct a wrong list.
locals {
  role_arn = "arn:${data.aws_partition.current.partition}:iam::${var.context.account_id}:role"

  executables = {
    Code            = { prefix = "artifacts/code/", writers = [] }
    Models          = { prefix = "artifacts/models/", writers = ["model-artifacts"] }
    TrainingOutputs = { prefix = "artifacts/training-outputs/", writers = ["*-training"] }
    Checkpoints     = { prefix = "artifacts/checkpoints/", writers = ["*-training"] }
    Evaluations     = { prefix = "artifacts/evaluations/", writers = ["*-evaluation"] }
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
      length(local.exempt_arns[name]) == 0 ? {} : { ArnNotLike = { "aws:PrincipalArn" = local.exempt_arns[name] } },
    )
  }]
}
