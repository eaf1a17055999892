# The kind of approval is part of the definition: a state machine with manual approval cannot skip it, whatever its
# input. For where the token is stored, see docs/adr/0016-where-the-token-of-an-approval-lies.md.
locals {
  waits            = var.training.approval == "manual"
  approval_seconds = local.waits ? var.training.approval_days * 86400 : 0

  # The group's key in the environment files.
  group            = trimprefix(var.registry.group_name, "${var.context.name_prefix}-")
  parameter_prefix = "/${var.context.project}/${var.context.environment}/approvals/${local.group}"
  parameter_arn    = "arn:${local.partition}:ssm:${local.region_arn}:parameter${local.parameter_prefix}/*"

  registration = local.waits ? {
    status       = "PendingManualApproval"
    stage_status = "PendingApproval"
    next         = "PreparePending"
    } : {
    status       = "Approved"
    stage_status = "Approved"
    next         = "PrepareCandidate"
  }

  approval_states = !local.waits ? "" : templatefile("${path.module}/templates/approval.asl.json.tftpl", {
    partition        = local.partition
    name_prefix      = var.context.name_prefix
    environment      = var.context.environment
    group            = local.group
    topic_arn        = var.topic_arn
    key_arn          = var.kms_key_arns.data
    parameter_prefix = local.parameter_prefix
    days             = var.training.approval_days
    retry            = local.retry.api
  })

  approval_state_names = !local.waits ? [] : [
    "PreparePending", "NotifyPending", "AwaitApproval", "ReadDecision", "StillPending", "ForgetToken", "Decided", "VersionRejected", "ExpireVersion", "ApprovalExpired",
  ]

  approval_statements = [for statement in [
    {
      Sid      = "StoreToken"
      Action   = ["ssm:DeleteParameter", "ssm:PutParameter"]
      Resource = [local.parameter_arn]
    },
    {
      # A parameter of the standard tier, up to 4 KB, is encrypted by KMS itself, without a data key.
      Sid      = "EncryptToken"
      Action   = ["kms:Encrypt"]
      Resource = [var.kms_key_arns.data]
      Condition = {
        StringEquals = { "kms:ViaService" = "ssm.${var.context.region}.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:PARAMETER_ARN" = local.parameter_arn }
      }
    },
  ] : statement if local.waits]
}
