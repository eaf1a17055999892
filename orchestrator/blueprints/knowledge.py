"""Add a knowledge base and an agent to the stack of a Bedrock blueprint."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.stack import BlueprintStack
from orchestrator.blueprints.upstream import DATA_KEY, inputs
from orchestrator.core.terraform_json import code


def add(stack: BlueprintStack) -> tuple[dict[str, Any], dict[str, Any]]:
    """Add the configured parts; return inputs for the model's module, and outputs to publish."""
    inputs: dict[str, Any] = {}
    published: dict[str, Any] = {}
    base = stack.blueprint.knowledge_base
    if base is not None:
        made = _knowledge_base(stack)
        inputs["knowledge_base"] = {
            "id": made["id"],
            "results": base.results,
            "retrieve_policy_document": made["retrieve_policy_document"],
        }
        published |= {"knowledge_base_id": made["id"], "data_source_id": made["data_source_id"]}
    if stack.blueprint.agent is not None:
        made = _agent(stack, inputs.pop("knowledge_base", None))
        inputs["agent"] = made
        published |= {"agent_id": made["id"], "agent_alias_id": made["alias_id"]}
    return inputs, published


def _knowledge_base(stack: BlueprintStack) -> dict[str, Any]:
    base, name = stack.blueprint.knowledge_base, stack.blueprint.name
    assert base is not None
    documents = stack.bucket_access("documents", read=[f"data_knowledge/{name}"])
    made = stack.module(
        "knowledge_base",
        {
            **inputs("context", "boundary_arn"),
            "blueprint_name": name,
            "documents": {
                "bucket_name": code("var.foundation.s3.bucket_name"),
                "prefix": code('format("%s%s/", var.foundation.s3.prefixes.data_knowledge, {})', name),
                "policy_document": documents.get("policy_document"),
            },
            "embedding": base.embedding.model_dump(),
            "chunks": base.chunks.model_dump(),
            "kms_key_arn": DATA_KEY,
        },
        source="bedrock_knowledge_base",
    )
    return {name: made.get(name) for name in ("id", "data_source_id", "retrieve_policy_document")}


def _agent(stack: BlueprintStack, knowledge_base: dict[str, Any] | None) -> dict[str, Any]:
    """Add the agent, which queries documents itself and calls the model through the blueprint's profile."""
    agent, base = stack.blueprint.agent, stack.blueprint.knowledge_base
    assert agent is not None
    variables: dict[str, Any] = {
        **inputs("context", "boundary_arn"),
        "blueprint_name": stack.blueprint.name,
        "instruction": agent.instruction,
        "idle_minutes": agent.idle_minutes,
        "model": {
            "arn": code("module.model.inference_profile_arn"),
            "invoke_policy_document": code("module.model.invoke_policy_document"),
        },
        "guardrail": code("module.model.guardrail"),
        "kms_key_arn": DATA_KEY,
    }
    if base is not None and knowledge_base is not None:
        variables["knowledge_base"] = {
            "id": knowledge_base["id"],
            "description": base.description,
            "retrieve_policy_document": knowledge_base["retrieve_policy_document"],
        }
    made = stack.module("agent", variables, source="bedrock_agent")
    return {name: made.get(name) for name in ("id", "alias_id", "invoke_policy_document")}
