# Which prefixes each role of this phase uses.
locals {
  bucket_access = {
    data_validation  = { read = ["data_processed", "data_features"], write = [] }
    model_evaluation = { read = ["data_features", "artifacts_training_outputs"], write = [] }
    # Registered archives are compared with what the registry says of them; training's are hashed and copied there.
    model_artifacts = { read = ["artifacts_training_outputs", "models_registered"], write = ["models_registered"] }
    # Asks asynchronous endpoints through their queue, and reads what came of it.
    endpoint_probe = { read = ["inference_async_output", "inference_async_failures"], write = ["inference_async_input"] }
    training = {
      read  = ["data_features", "artifacts_code", "artifacts_checkpoints"]
      write = ["artifacts_training_outputs", "artifacts_checkpoints"]
    }
    # Probes run on what is registered.
    candidate = { read = ["models_registered"], write = [] }
    # Looks whether there is raw data; registering a model package reads its artifact.
    stepfunctions = { list = ["data_raw"], read = ["models_registered"], write = [] }
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
