"""Real-time inference: a SageMaker endpoint, or Bedrock on demand."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import ENDPOINT_OUTPUTS, bedrock_on_demand, model_artifacts
from orchestrator.blueprints.stack import BlueprintStack
from orchestrator.config.blueprint import BedrockModel, SageMakerModel


class RealtimeStack(BlueprintStack):
    """Answers while the caller waits."""

    def compose(self) -> dict[str, Any]:
        model = self.blueprint.model
        return bedrock_on_demand(self, model) if isinstance(model, BedrockModel) else self._sagemaker(model)

    def _sagemaker(self, model: SageMakerModel) -> dict[str, Any]:
        self.declare_model_version()
        blueprint, monitoring = self.blueprint, self.request.monitoring
        asked: dict[str, Any] = {
            "name": blueprint.name,
            "instance_type": blueprint.instance_type,
            "instance_count": blueprint.instance_count,
            "parameters": self.parameters(),
            "rollout": blueprint.rollout.model_dump(),
        }
        if blueprint.autoscaling is not None:
            asked["autoscaling"] = blueprint.autoscaling.model_dump()
        endpoint = self.module(
            "endpoint",
            {
                "context": "${var.context}",
                "blueprint": asked,
                "model_group": {
                    "key": model.group,
                    "name": f'${{var.foundation.model_registry.group_names["{model.group}"]}}',
                },
                "model_version": "${var.model_version}",
                "network": {
                    "subnet_ids": "${var.foundation.vpc.private_subnet_ids}",
                    "security_group_ids": ["${var.foundation.vpc.security_group_ids.endpoints}"],
                },
                "kms": "${var.foundation.kms}",
                "bucket": {"name": "${var.foundation.s3.bucket_name}"},
                "policy_documents": {
                    "bucket": model_artifacts(self).get("policy_document"),
                    "execution": "${var.foundation.iam.execution_documents.realtime}",
                    "network": "${var.foundation.vpc.network_policy_documents.endpoints}",
                },
                "boundary_arn": "${var.foundation.iam.boundary_arn}",
                "topic_arn": "${var.foundation.events.topic_arn}",
                "routes_prefix": "${var.inference.routes_prefix}",
                "thresholds": {
                    "latency_ms": monitoring.latency_ms,
                    "error_rate_percent": monitoring.error_rate_percent,
                },
            },
        )
        return {name: endpoint.get(name) for name in (*ENDPOINT_OUTPUTS, "release_parameter_name")}
