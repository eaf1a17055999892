# A processing job is started, not deployed: these are the arguments to start it with.
data "aws_sagemaker_prebuilt_ecr_image" "this" {
  repository_name = "sagemaker-scikit-learn"
  image_tag       = "1.4-2-cpu-py3"
  region          = var.context.region
}

locals {
  container = "/opt/ml/processing"

  inputs = { for name, flow in var.flows : name => {
    code   = dirname(aws_s3_object.program.key)
    flow   = aws_s3_object.flow[name].key
    source = flow.source
  } }

  requests = { for name, flow in var.flows : name => {
    RoleArn = module.role.arn
    AppSpecification = {
      ImageUri            = data.aws_sagemaker_prebuilt_ecr_image.this.registry_path
      ContainerEntrypoint = ["python3", "${local.container}/input/code/run_flow.zip"]
      ContainerArguments = [
        "--flow", "${local.container}/input/flow/${name}.flow",
        "--source", "s3://${var.bucket_name}/${flow.source}=${local.container}/input/source",
        "--target", "s3://${var.bucket_name}/${flow.target}=${local.container}/output",
        "--message", "/opt/ml/output/message",
      ]
    }
    ProcessingInputs = [for input, key in local.inputs[name] : {
      InputName = input
      S3Input = {
        S3Uri       = "s3://${var.bucket_name}/${key}"
        LocalPath   = "${local.container}/input/${input}"
        S3DataType  = "S3Prefix"
        S3InputMode = "File"
      }
    }]
    ProcessingOutputConfig = {
      KmsKeyId = var.kms_key_arns.data
      Outputs = [{
        OutputName = "tables"
        S3Output   = { S3Uri = "s3://${var.bucket_name}/${trimsuffix(flow.target, "/")}", LocalPath = "${local.container}/output", S3UploadMode = "EndOfJob" }
      }]
    }
    ProcessingResources = {
      ClusterConfig = {
        InstanceCount  = 1 # a flow is one process
        InstanceType   = var.resources.instance_type
        VolumeSizeInGB = var.resources.volume_gb
        VolumeKmsKeyId = var.kms_key_arns.models
      }
    }
    NetworkConfig = {
      VpcConfig = { Subnets = var.network.subnet_ids, SecurityGroupIds = var.network.security_group_ids }
    }
    StoppingCondition = { MaxRuntimeInSeconds = var.resources.max_runtime_seconds }
  } }
}
