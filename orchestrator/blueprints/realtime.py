"""Real-time inference: a SageMaker endpoint, or Bedrock on demand."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import ENDPOINT_OUTPUTS, bedrock_on_demand, model_artifacts
from orchestrator.blueprints.stack import BlueprintStack
from orchestrator.blueprints.upstream import inputs
from orchestrator.config.model.blueprint import BedrockModel, SageMakerModel
from orchestrator.core.terraform_json import code


class RealtimeStack(BlueprintStack):
    """Answers requests synchronously."""

    def compose(self) -> dict[str, Any]:
        model = self.blueprint.model
        return bedrock_on_demand(self, model) if isinstance(model, BedrockModel) else self._sagemaker(model)

    def _sagemaker(self, model: SageMakerModel) -> dict[str, Any]:
        self.declare_model_version()
        blueprint, monitoring = self.blueprint, self.request.monitoring
        settings: dict[str, Any] = {
            "name": blueprint.name,
            "instance_type": blueprint.instance_type,
            "instance_count": blueprint.instance_count,
            "parameters": self.parameters(),
            "rollout": blueprint.rollout.model_dump(),
            **self.limits(),
            **self.format(),
            **self.golden(),
            **self.routing(),
        }
        if blueprint.autoscaling is not None:
            settings["autoscaling"] = blueprint.autoscaling.model_dump()
        settings |= self._options()
        written = [f"inference_realtime_logs/{blueprint.name}"] if blueprint.data_capture else []
        endpoint = self.module(
            "endpoint",
            {
                **inputs("context", "model_version", "network", "kms_key_arns", "bucket_name"),
                **inputs("boundary_arn", "topic_arn", "routes_prefix"),
                "blueprint": settings,
                "model_group": self.model_group(model),
                "policy_documents": {
                    "bucket": model_artifacts(self, *written).get("policy_document"),
                    "execution": code("var.foundation.iam.execution_documents.realtime"),
                    "network": code("var.foundation.vpc.network_policy_documents.endpoints"),
                },
                "thresholds": {
                    "latency_ms": monitoring.latency_ms,
                    "error_rate_percent": monitoring.error_rate_percent,
                },
            },
        )
        return {name: endpoint.get(name) for name in (*ENDPOINT_OUTPUTS, "release_parameter_name")}

    def _options(self) -> dict[str, Any]:
        """Collect the options beyond one model on some instances."""
        blueprint = self.blueprint
        options: dict[str, Any] = {}
        if blueprint.variants:
            options["weight"] = blueprint.weight
            options["variants"] = {
                name: each.model_dump(exclude_none=True) for name, each in sorted(blueprint.variants.items())
            }
        for name in ("shadow", "multi_model", "data_capture"):
            option = getattr(blueprint, name)
            if option is not None:
                options[name] = option.model_dump(exclude_none=True)
        if blueprint.containers is not None:
            others = [
                {
                    "name": name,
                    "group": self.group_name(each.group),
                    "version": each.version,
                }
                for name, each in blueprint.containers.others.items()
            ]
            options["containers"] = {**blueprint.containers.model_dump(exclude={"others"}), "others": others}
        return options
