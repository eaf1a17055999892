"""
metadata:
  id: MLOPS_SAGEMAKER_8
  name: Endpoints scale by a metric that they publish
  category: GENERAL_SECURITY
  severity: MEDIUM
  risk: >
    A target on a metric without data never scales: the endpoint stays at its smallest size while requests queue up,
    or at its largest without traffic. An asynchronous endpoint publishes no invocations, a serverless variant has
    no instances, and one on instances has no provisioned concurrency.
  repair: >
    customized_metric_specification { metric_name = "ApproximateBacklogSizePerInstance" namespace = "AWS/SageMaker"
    ... } for an asynchronous endpoint; SageMakerVariantInvocationsPerInstance for one on instances,
    SageMakerVariantProvisionedConcurrencyUtilization for a serverless one
"""

from typing import Any

from endpoints import configurations, scaled
from rulekit import PlatformRule, all_of, blocks, is_known, values

INSTANCES, CONCURRENCY = "sagemaker:variant:DesiredInstanceCount", "sagemaker:variant:DesiredProvisionedConcurrency"
PREDEFINED = {
    INSTANCES: {"SageMakerVariantInvocationsPerInstance", "SageMakerVariantConcurrentRequestsPerModelHighResolution"},
    CONCURRENCY: {"SageMakerVariantProvisionedConcurrencyUtilization"},
    "sagemaker:inference-component:DesiredCopyCount": {
        "SageMakerInferenceComponentInvocationsPerCopy",
        "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
    },
}
"""Predefined metrics of Application Auto Scaling for SageMaker, by scalable dimension."""

# AWS lists the metrics that an asynchronous endpoint publishes in "Alarms and logs for tracking
# metrics from asynchronous endpoints".
OF_QUEUES = {"ApproximateBacklogSize", "ApproximateBacklogSizePerInstance", "HasBacklogWithoutCapacity"}
OF_CALLERS = {
    "ConcurrentRequestsPerCopy",
    "ConcurrentRequestsPerModel",
    "Invocations",
    "InvocationsPerCopy",
    "InvocationsPerInstance",
    "OverheadLatency",
}


class ScalesByItsOwnMetric(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if any(is_known(each) and each != "sagemaker" for each in values(block, "service_namespace")):
            return True
        fits = all_of(*(_fits(block, metric) for metric in _predefined(block)))
        scaled_configurations = [each for endpoint in scaled(self, block) for each in configurations(self, endpoint)]
        return all_of(fits, *(_published(block, each) for each in scaled_configurations))


def _predefined(block: dict[str, Any]) -> list[Any]:
    path = "target_tracking_scaling_policy_configuration.predefined_metric_specification.predefined_metric_type"
    return values(block, path)


def _fits(block: dict[str, Any], metric: Any) -> bool | None:
    """Tell whether a predefined metric fits the dimension that the policy scales."""
    dimension = next(iter(values(block, "scalable_dimension")), None)
    if not is_known(metric):
        return None
    if dimension not in PREDEFINED:
        return None if str(metric).startswith("SageMaker") else True
    return metric in PREDEFINED[dimension]


def _published(block: dict[str, Any], configuration: dict[str, Any]) -> bool:
    """Tell whether an endpoint of this configuration publishes the metrics and can be scaled that way."""
    asynchronous = bool(blocks(configuration, "async_inference_config"))
    variants = blocks(configuration, "production_variants")
    serverless = [each for each in variants if blocks(each, "serverless_config")]
    dimension = next(iter(values(block, "scalable_dimension")), None)
    if dimension == INSTANCES and variants and len(serverless) == len(variants):
        return False
    if dimension == CONCURRENCY and variants and not serverless:
        return False
    own = "target_tracking_scaling_policy_configuration.customized_metric_specification"
    paths = (f"{own}.metric_name", f"{own}.metrics.metric_stat.metric.metric_name")
    named = {str(each) for path in paths for each in values(block, path)}
    return not (_predefined(block) or named & OF_CALLERS) if asynchronous else not named & OF_QUEUES


check = ScalesByItsOwnMetric(__doc__, ["aws_appautoscaling_policy"])
