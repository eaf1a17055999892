# Four roles for people. Their permissions are here; the caller decides which bucket prefixes they use.
locals {
  personas = {
    data_scientist = {
      description = "Reads data, works in notebooks, runs experiments; deploys nothing"
      statements  = concat(local.catalog_query, local.features, local.notebooks.data_scientist, local.experiments, local.experiment_roles.data_scientist, local.deny_deployment)
    }
    ml_engineer = {
      description = "Works in notebooks, builds and runs the pipeline, approves models, tests endpoints"
      statements  = concat(local.notebooks.ml_engineer, local.experiments, local.experiment_roles.ml_engineer, local.pipeline, local.approval, local.invocation)
    }
    data_engineer = {
      description = "Owns ingestion, catalog, ETL and preprocessing"
      statements  = concat(local.catalog_query, local.etl, local.preprocessing, local.experiment_roles.data_engineer, local.deny_deployment)
    }
    production = {
      description = "Serves, scales and watches; reads no data and changes no model"
      statements  = concat(local.serving, local.scaling, local.watching)
    }
  }

  persona_tag = { for persona in keys(local.personas) : persona => replace(persona, "_", "-") }

  persona_policies = {
    for persona, spec in local.personas : persona => jsonencode({
      Version   = "2012-10-17"
      Statement = concat(spec.statements, jsondecode(var.persona_bucket_documents[persona]).Statement)
    })
  }

  # The identity provider sets the principal tag `persona` at sign-in. The tag decides which role may be assumed, so no
  # user has to be named. An environment that names principals needs no tag.
  persona_principals = { for persona in keys(local.personas) : persona => lookup(var.access.persona_principals, persona, []) }

  persona_conditions = {
    for persona in keys(local.personas) : persona => merge(
      {
        for operator, keys in {
          StringEquals = merge(
            length(local.persona_principals[persona]) == 0 ? { "aws:PrincipalTag/persona" = local.persona_tag[persona] } : {},
            var.access.organization_id == null ? {} : { "aws:PrincipalOrgID" = var.access.organization_id },
          )
          # Not `BoolIfExists`: long-lived access keys carry no such key at all, and would get in.
          Bool = var.access.require_mfa ? { "aws:MultiFactorAuthPresent" = "true" } : {}
        } : operator => keys if length(keys) > 0
      },
    )
  }
}

resource "aws_iam_role" "persona" {
  #checkov:skip=CKV_AWS_61:Only named principals, or principals with the tag `persona`, are admitted; the rule does not read conditions
  for_each = local.personas

  name                 = "${local.prefix}-${local.persona_tag[each.key]}"
  description          = each.value.description
  permissions_boundary = aws_iam_policy.boundary.arn
  max_session_duration = 14400

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { AWS = coalescelist(local.persona_principals[each.key], ["arn:${local.partition}:iam::${var.context.account_id}:root"]) }
      },
      length(local.persona_conditions[each.key]) == 0 ? {} : { Condition = local.persona_conditions[each.key] },
    )]
  })
}

resource "aws_iam_role_policy" "persona" {
  #checkov:skip=CKV_AWS_290:Only lists and metric reads are on "*": they have no resource type
  #checkov:skip=CKV_AWS_355:Only lists and metric reads are on "*": they have no resource type
  for_each = local.personas

  name   = "persona"
  role   = aws_iam_role.persona[each.key].id
  policy = local.persona_policies[each.key]

  lifecycle {
    precondition {
      condition     = length(local.persona_policies[each.key]) <= 10240
      error_message = "The policy of ${each.key} has ${length(local.persona_policies[each.key])} characters; IAM allows 10240 in a role."
    }
  }
}
