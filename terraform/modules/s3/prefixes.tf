# The one bucket's tree. S3 has no folders: a marker object per prefix would be expired by the lifecycle rules (and
# planned again each time) and would be read as an empty input file by batch jobs. So the tree is a value, and modules
# read prefixes from the output `prefixes`.
locals {
  methods = ["realtime", "serverless", "batch", "async"]
  people  = ["data_scientist", "ml_engineer", "data_engineer"]

  prefixes = {
    data_raw              = "data/raw/"
    data_processed        = "data/processed/"
    data_features         = "data/features/"
    data_features_offline = "data/features/offline/"
    data_quarantine       = "data/quarantine/"
    data_knowledge        = "data/knowledge/"

    models_bedrock_customized  = "artifacts/models/bedrock-customized/"
    models_sagemaker_finetuned = "artifacts/models/sagemaker-finetuned/"
    models_sagemaker_custom    = "artifacts/models/sagemaker-custom/"
    models_registered          = "artifacts/models/registered/"
    artifacts_training_outputs = "artifacts/training-outputs/"
    artifacts_checkpoints      = "artifacts/checkpoints/"
    artifacts_code             = "artifacts/code/"
    artifacts_evaluations      = "artifacts/evaluations/"
    inference_realtime_logs    = "inference/realtime/logs/"
    inference_serverless_logs  = "inference/serverless/logs/"
    inference_batch_input      = "inference/batch/input/"
    inference_batch_output     = "inference/batch/output/"
    inference_async_input      = "inference/async/input/"
    inference_async_output     = "inference/async/output/"
    inference_async_failures   = "inference/async/failures/"
    experiments                = { for persona in local.people : persona => "experiments/${replace(persona, "_", "-")}/" }
    configs_datasets           = "configs/datasets/"
    configs_preprocessing      = "configs/preprocessing/"
    configs_training           = "configs/training/"
    configs_pipeline           = "configs/pipeline-definitions/"
    configs_inference          = { for method in local.methods : method => "configs/inference/${method}/" }
    logs_preprocessing         = "logs/preprocessing/"
    logs_training              = "logs/training/"
    logs_athena                = "logs/athena/"
    logs_deployments           = "logs/deployments/"
    logs_bedrock               = "logs/bedrock/"
    logs_inference             = { for method in local.methods : method => "logs/inference/${method}/" }
  }
}
