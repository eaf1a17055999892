"""Serverless inference: a SageMaker endpoint that scales to zero, or Bedrock on demand."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import ENDPOINT_OUTPUTS, bedrock_on_demand, model_artifacts
from orchestrator.blueprints.stack import BlueprintStack
from orchestrator.blueprints.upstream import LOGS_KEY, inputs
from orchestrator.config.model.blueprint import BedrockModel, SageMakerModel, Serverless
from orchestrator.core.terraform_json import code


class ServerlessStack(BlueprintStack):
    """Answers requests synchronously; nothing runs without requests."""

    def compose(self) -> dict[str, Any]:
        model = self.blueprint.model
        return bedrock_on_demand(self, model) if isinstance(model, BedrockModel) else self._sagemaker(model)

    def _sagemaker(self, model: SageMakerModel) -> dict[str, Any]:
        self.declare_model_version()
        monitoring = self.request.monitoring
        sizes = self.blueprint.serverless or Serverless()
        endpoint = self.module(
            "endpoint",
            {
                **inputs("context", "model_version", "bucket_name", "boundary_arn", "topic_arn", "routes_prefix"),
                "blueprint": {
                    "name": self.blueprint.name,
                    "serverless": sizes.model_dump(exclude_none=True),
                    "parameters": self.parameters(),
                    **self.limits(),
                    **self.format(),
                    **self.golden(),
                    **self.routing(),
                },
                "model_group": self.model_group(model),
                "kms_key_arn": LOGS_KEY,
                "policy_documents": {
                    "bucket": model_artifacts(self).get("policy_document"),
                    "execution": code("var.foundation.iam.execution_documents.serverless"),
                },
                "thresholds": {
                    "latency_ms": monitoring.latency_ms,
                    "error_rate_percent": monitoring.error_rate_percent,
                },
            },
        )
        return {name: endpoint.get(name) for name in (*ENDPOINT_OUTPUTS, "release_parameter_name")}
