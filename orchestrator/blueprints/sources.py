"""Parts that stacks of several kinds share: access to SageMaker's models, and Bedrock on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.blueprints import knowledge
from orchestrator.blueprints.stack import BlueprintStack, Module
from orchestrator.blueprints.upstream import DATA_KEY, inputs
from orchestrator.config.model.blueprint import BedrockModel
from orchestrator.core.terraform_json import Expression, code

# Versions from before archives were registered are stored where training wrote them, and may still run.
MODEL_PREFIXES = (
    "models_registered",
    "artifacts_training_outputs",
    "models_sagemaker_custom",
    "models_sagemaker_finetuned",
)
ENDPOINT_OUTPUTS = ("endpoint_name", "endpoint_config_name", "model_package_arn", "model_id", "route_parameter_name")


def model_artifacts(stack: BlueprintStack, *written: str, read: Sequence[str] = ()) -> Module:
    """Grant the containers to read models and `read`, and to write `written`."""
    return stack.bucket_access("s3_access", read=[*MODEL_PREFIXES, *read], write=written)


def bedrock_on_demand(stack: BlueprintStack, model: BedrockModel) -> dict[str, Any]:
    """Add a Bedrock model on demand, the same for all synchronous kinds: Bedrock has no servers."""
    more, published = knowledge.add(stack)
    own = bedrock_model(stack, model, caller=code("var.inference.lambda.router_role_name"), **more)
    return {**own, **published}


def bedrock_model(stack: BlueprintStack, model: BedrockModel, *, caller: Expression, **more: Any) -> dict[str, Any]:
    """Add the profile through which the function with the role `caller` calls a model of Bedrock."""
    blueprint = stack.blueprint
    if model.provisioned is not None:
        more["provisioned"] = model.provisioned.model_dump(exclude_none=True)
    if blueprint.guardrail is not None:
        more["guardrail"] = {**blueprint.guardrail.model_dump(), "kms_key_arn": DATA_KEY}
    profile = stack.module(
        "model",
        {
            **inputs("context", "topic_arn", "routes_prefix"),
            **more,
            "blueprint": {
                "name": blueprint.name,
                "kind": blueprint.kind,
                "parameters": stack.parameters(),
                **stack.limits(),
                **stack.routing(),
            },
            "model_id": model.model_id,
            "router_role_name": caller,
            # Text takes seconds to generate, so the environment's limit for endpoints does not fit.
            "thresholds": {"error_rate_percent": stack.request.monitoring.error_rate_percent},
        },
        source="bedrock_model",
    )
    return {name: profile.get(name) for name in ("inference_profile_arn", "model_id", "route_parameter_name")}
