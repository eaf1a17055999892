locals {
  percentiles    = ["p50", "p99"]
  endpoint_names = sort(compact([for blueprint in var.blueprints : blueprint.source == "sagemaker" ? blueprint.endpoint_name : null]))

  api_row = {
    shown = true
    title = "API ${var.api.name}, stage ${var.api.stage_name}"
    graphs = [
      {
        title   = "Requests and errors per minute"
        stat    = "Sum"
        metrics = [for metric in ["Count", "4XXError", "5XXError"] : ["AWS/ApiGateway", metric, "ApiName", var.api.name, "Stage", var.api.stage_name]]
      },
      {
        title   = "Latency in ms"
        stat    = "p50"
        metrics = [for stat in local.percentiles : ["AWS/ApiGateway", "Latency", "ApiName", var.api.name, "Stage", var.api.stage_name, { stat = stat, label = stat }]]
      },
    ]
  }

  router_row = {
    shown = true
    title = "Model router"
    graphs = [
      {
        title   = "Invocations, errors and throttles per minute"
        stat    = "Sum"
        metrics = [for metric in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", metric, "FunctionName", var.router.function_name]]
      },
      {
        title   = "Duration in ms"
        stat    = "p50"
        metrics = [for stat in local.percentiles : ["AWS/Lambda", "Duration", "FunctionName", var.router.function_name, { stat = stat, label = stat }]]
      },
      {
        title   = "Errors logged per minute"
        stat    = "Sum"
        metrics = [[local.metric_namespace, local.error_metric_name]]
      },
    ]
  }

  # Every endpoint names its variant "primary".
  endpoint_row = {
    shown = length(local.endpoint_names) > 0
    title = "SageMaker endpoints"
    graphs = [
      {
        title   = "Invocations per minute"
        stat    = "Sum"
        metrics = [for name in local.endpoint_names : ["AWS/SageMaker", "Invocations", "EndpointName", name, "VariantName", "primary", { label = name }]]
      },
      {
        title = "Model latency in microseconds"
        stat  = "p50"
        metrics = [for pair in setproduct(local.endpoint_names, local.percentiles) :
        ["AWS/SageMaker", "ModelLatency", "EndpointName", pair[0], "VariantName", "primary", { stat = pair[1], label = "${pair[0]} ${pair[1]}" }]]
      },
      {
        title = "Errors per minute"
        stat  = "Sum"
        metrics = [for pair in setproduct(local.endpoint_names, ["Invocation4XXErrors", "Invocation5XXErrors"]) :
        ["AWS/SageMaker", pair[1], "EndpointName", pair[0], "VariantName", "primary", { label = "${pair[0]} ${pair[1]}" }]]
      },
      {
        title   = "CPU in percent of one core"
        stat    = "Average"
        metrics = [for name in local.endpoint_names : ["/aws/sagemaker/Endpoints", "CPUUtilization", "EndpointName", name, "VariantName", "primary", { label = name }]]
      },
    ]
  }

  # Metrics have the ids of inference profiles as dimension, which this module does not get: it shows all of them.
  bedrock_row = {
    shown = local.has_generative_models
    title = "Bedrock models of this account and region"
    graphs = [for metric, settings in {
      Invocations       = { title = "Invocations per minute", stat = "Sum" }
      InvocationLatency = { title = "Latency in ms, p99", stat = "p99" }
      OutputTokenCount  = { title = "Tokens written per minute", stat = "Sum" }
      } : {
      title   = settings.title
      stat    = settings.stat
      metrics = [[{ id = "all", label = "", expression = "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"${metric}\"', '${settings.stat}', 60)" }]]
    }]
  }

  # All metrics with these dimensions: evaluations decide which there are.
  model_quality = join(" ", concat(
    ["{\"${var.pipeline.metric_namespace}\",${join(",", keys(var.pipeline.metric_dimensions))}}"],
    [for name, value in var.pipeline.metric_dimensions : "${name}=\"${value}\""],
  ))

  pipeline_row = {
    shown = true
    title = "Training pipeline"
    graphs = [
      {
        title   = "Runs"
        stat    = "Sum"
        metrics = [for metric in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"] : ["AWS/States", metric, "StateMachineArn", var.pipeline.state_machine_arn]]
      },
      {
        title   = "Duration of a run in ms"
        stat    = "Maximum"
        metrics = [["AWS/States", "ExecutionTime", "StateMachineArn", var.pipeline.state_machine_arn]]
      },
      {
        title   = "Quality of trained models"
        stat    = "Average"
        metrics = [[{ id = "quality", label = "", expression = "SEARCH('${local.model_quality}', 'Average')" }]]
      },
    ]
  }
}
