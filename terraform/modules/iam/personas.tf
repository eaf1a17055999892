# Four roles for people. Whoever signs in carries the principal tag `persona`, set by the identity
# provider; the tag decides which role is open, so no user is named here.
locals {
  personas = {
    data_scientist = {
      description = "Reads data, runs experiments; deploys nothing"
      read        = ["raw", "processed", "features", "training", "athena"]
      write       = ["training", "athena"]
      statements  = concat(local.catalog_query, local.experiments, local.deny_deployment)
    }
    ml_engineer = {
      description = "Builds and runs the pipeline, approves models, tests endpoints"
      read        = ["processed", "features", "code", "training"]
      write       = ["code", "training"]
      statements  = concat(local.experiments, local.pipeline, local.approval, local.invocation)
    }
    data_engineer = {
      description = "Owns ingestion, catalog and ETL"
      read        = ["raw", "processed", "features", "quarantine", "athena"]
      write       = ["raw", "quarantine", "athena"]
      statements  = concat(local.catalog_query, local.etl, local.deny_deployment)
    }
    production = {
      description = "Serves, scales and watches; changes neither data nor models"
      read        = ["training"]
      write       = []
      statements  = concat(local.serving, local.invocation, local.watching)
    }
  }

  persona_reads  = merge([for persona, spec in local.personas : { for group in spec.read : "${persona}/read/${group}" => { persona = persona, arn = var.read_policy_arns[group] } }]...)
  persona_writes = merge([for persona, spec in local.personas : { for group in spec.write : "${persona}/write/${group}" => { persona = persona, arn = var.write_policy_arns[group] } }]...)
}

resource "aws_iam_role" "persona" {
  #checkov:skip=CKV_AWS_61:Only principals that carry the tag `persona` get in; the rule does not read conditions
  for_each = local.personas

  name                 = "${local.prefix}-${replace(each.key, "_", "-")}"
  description          = each.value.description
  permissions_boundary = aws_iam_policy.boundary.arn
  max_session_duration = 14400

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${var.context.account_id}:root" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:PrincipalTag/persona" = replace(each.key, "_", "-") } }
    }]
  })
}

resource "aws_iam_role_policy" "persona" {
  #checkov:skip=CKV_AWS_290:Only lists and metric reads are on "*": they have no resource type
  #checkov:skip=CKV_AWS_355:Only lists and metric reads are on "*": they have no resource type
  for_each = local.personas

  name   = "persona"
  role   = aws_iam_role.persona[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}

resource "aws_iam_role_policy_attachment" "persona" {
  for_each = merge(local.persona_reads, local.persona_writes)

  role       = aws_iam_role.persona[each.value.persona].name
  policy_arn = each.value.arn
}
