# The evaluation job: its container runs the trained model's code, so it has no network, and SageMaker brings its inputs.
locals {
  processing = "/opt/ml/processing"

  evaluation_arguments = concat(
    [
      "--spec", "${local.processing}/spec/${basename(var.evaluation.spec_uri)}",
      "--rows", "${local.processing}/rows",
      "--labels", "${local.processing}/labels/test.jsonl",
      "--candidate", "${local.processing}/candidate/model.tar.gz",
      "--champion", "${local.processing}/champion/model.tar.gz",
      "--code", "${local.processing}/code/${basename(var.training.source_uri)}",
      "--task", var.evaluation.task,
      "--gate", jsonencode(var.evaluation.gate),
      "--group", var.registry.group_name,
      "--output", "${local.processing}/output",
      "--message", "/opt/ml/output/message",
    ],
    var.evaluation.positive == null ? [] : ["--positive", var.evaluation.positive],
    flatten([for column in var.evaluation.slices : ["--slice", column]]),
  )

  # Inputs by name: a URI, or the expression of one.
  evaluation_inputs = {
    program   = { S3Uri = var.evaluation.program_uri }
    spec      = { S3Uri = var.evaluation.spec_uri }
    code      = { S3Uri = var.training.source_uri }
    rows      = { "S3Uri.$" = "$.plan.test_uri" }
    labels    = { "S3Uri.$" = "States.Format('s3://${var.bucket_name}/{}', $.data.labels_key)" }
    candidate = { "S3Uri.$" = "$.training.model_data_url" }
  }
  champion_input = { champion = { "S3Uri.$" = "$.champion.version.model_data_url" } }

  evaluation_variables = {
    "TRAINING_JOB.$"     = "$.training_job"
    "DATA_FINGERPRINT.$" = "$.data.data_fingerprint"
    "LABELS_SHA256.$"    = "$.data.labels_sha256"
  }
  champion_variables = {
    "CHAMPION_VERSION.$"          = "$.champion.version.model_package_arn"
    "CHAMPION_SHA256.$"           = "$.champion.version.sha256"
    "CHAMPION_DATA_FINGERPRINT.$" = "$.champion.version.data_fingerprint"
  }

  # What a job receives, with and without a live version.
  comparisons = { for name, each in {
    first    = { inputs = local.evaluation_inputs, variables = local.evaluation_variables }
    champion = { inputs = merge(local.evaluation_inputs, local.champion_input), variables = merge(local.evaluation_variables, local.champion_variables) }
    } : name => {
    inputs = [for input, uri in each.inputs : {
      InputName = input
      S3Input   = merge(uri, { LocalPath = "${local.processing}/${input}", S3DataType = "S3Prefix", S3InputMode = "File" })
    }]
    variables = each.variables
  } }
}
