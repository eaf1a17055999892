"""Real-time inference: a SageMaker endpoint, or Bedrock on demand."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.stack import BlueprintStack
from orchestrator.config.blueprint import BedrockModel, SageMakerModel


class RealtimeStack(BlueprintStack):
    """Answers while the caller waits."""

    def compose(self) -> dict[str, Any]:
        model = self.blueprint.model
        return self._bedrock(model) if isinstance(model, BedrockModel) else self._sagemaker(model)

    def _sagemaker(self, model: SageMakerModel) -> dict[str, Any]:
        self.declare_model_version()
        blueprint, monitoring = self.blueprint, self.request.monitoring
        asked: dict[str, Any] = {
            "name": blueprint.name,
            "instance_type": blueprint.instance_type,
            "instance_count": blueprint.instance_count,
            "parameters": self.parameters(),
        }
        if blueprint.autoscaling is not None:
            asked["autoscaling"] = blueprint.autoscaling.model_dump()
        access = self.module(
            "s3_access",
            {
                "access": "${var.foundation.s3.access}",
                "read": [
                    "artifacts_training_outputs",
                    "models_sagemaker_custom",
                    "models_sagemaker_finetuned",
                ],
            },
            source="s3_access",
        )
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
                    "bucket": access.get("policy_document"),
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
        published = (
            "endpoint_name",
            "endpoint_config_name",
            "model_package_arn",
            "model_id",
            "route_parameter_name",
            "release_parameter_name",
        )
        return {name: endpoint.get(name) for name in published}

    def _bedrock(self, model: BedrockModel) -> dict[str, Any]:
        profile = self.module(
            "model",
            {
                "context": "${var.context}",
                "blueprint": {"name": self.blueprint.name, "parameters": self.parameters()},
                "model_id": model.model_id,
                "topic_arn": "${var.foundation.events.topic_arn}",
                "routes_prefix": "${var.inference.routes_prefix}",
                "router_role_name": "${var.inference.lambda.router_role_name}",
                # Text takes seconds to generate, so the environment's limit for endpoints does not fit.
                "thresholds": {"error_rate_percent": self.request.monitoring.error_rate_percent},
            },
        )
        published = ("inference_profile_arn", "model_id", "route_parameter_name")
        return {name: profile.get(name) for name in published}
