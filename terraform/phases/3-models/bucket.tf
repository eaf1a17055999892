# Which prefixes each role of this phase uses.
locals {
  bucket_access = {
    data_validation = { read = ["data_processed", "data_features"], write = [] }
    # Compares registered archives with the registry, and hashes and copies those of training.
    model_artifacts = { read = ["artifacts_training_outputs", "models_registered"], write = ["models_registered"] }
    # Invokes asynchronous endpoints and reads their results.
    endpoint_probe = { read = ["inference_async_output", "inference_async_failures"], write = ["inference_async_input"] }
    training = {
      read  = ["data_features", "artifacts_code", "artifacts_checkpoints"]
      write = ["artifacts_training_outputs", "artifacts_checkpoints"]
    }
    # Compares what training wrote with what is live.
    evaluation = {
      read  = ["data_features", "artifacts_code", "artifacts_training_outputs", "models_registered"]
      write = ["artifacts_evaluations"]
    }
    # Probes run on registered archives.
    candidate = { read = ["models_registered"], write = [] }
    # Checks for raw data, and reads verdicts; registering a model package reads its artifact.
    stepfunctions = { list = ["data_raw"], read = ["artifacts_evaluations", "models_registered"], write = [] }
  }
}

module "s3_access" {
  source   = "../../modules/s3_access"
  for_each = local.bucket_access

  access = var.foundation.s3.access
  list   = try(each.value.list, [])
  read   = each.value.read
  write  = each.value.write
}
