# Which prefixes each role of this phase uses.
locals {
  bucket_access = {
    data_validation  = { read = ["data_processed", "data_features"], write = [] }
    model_evaluation = { read = ["data_features", "artifacts_training_outputs"], write = [] }
    # Asks asynchronous endpoints through their queue, and reads what came of it.
    endpoint_probe = { read = ["inference_async_output", "inference_async_failures"], write = ["inference_async_input"] }
    training = {
      read  = ["data_features", "artifacts_code", "artifacts_checkpoints"]
      write = ["artifacts_training_outputs", "artifacts_checkpoints"]
    }
    # Probes run on what training wrote.
    candidate = { read = ["artifacts_training_outputs"], write = [] }
    # Looks whether there is raw data; registering a model package reads its artifact.
    stepfunctions = { list = ["data_raw"], read = ["artifacts_training_outputs"], write = [] }
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
