"""What a Bedrock blueprint has beside its model: documents that it is shown pieces of, and an agent that asks it."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.stack import BlueprintStack
from orchestrator.core.terraform_json import code

DATA_KEY = code("var.foundation.kms.data_key_arn")
BOUNDARY = code("var.foundation.iam.boundary_arn")


def add(stack: BlueprintStack) -> tuple[dict[str, Any], dict[str, Any]]:
    """Add what was asked for; what the model's module is told of it, and what the stack publishes."""
    asked: dict[str, Any] = {}
    published: dict[str, Any] = {}
    base = stack.blueprint.knowledge_base
    if base is not None:
        made = _knowledge_base(stack)
        asked["knowledge_base"] = {
            "id": made["id"],
            "results": base.results,
            "retrieve_policy_document": made["retrieve_policy_document"],
        }
        published |= {"knowledge_base_id": made["id"], "data_source_id": made["data_source_id"]}
    if stack.blueprint.agent is not None:
        made = _agent(stack, asked.pop("knowledge_base", None))
        asked["agent"] = made
        published |= {"agent_id": made["id"], "agent_alias_id": made["alias_id"]}
    return asked, published


def _knowledge_base(stack: BlueprintStack) -> dict[str, Any]:
    base, name = stack.blueprint.knowledge_base, stack.blueprint.name
    assert base is not None
    access = {"access": code("var.foundation.s3.access"), "read": [f"data_knowledge/{name}"]}
    documents = stack.module("documents", access, source="s3_access")
    made = stack.module(
        "knowledge_base",
        {
            "context": code("var.context"),
            "blueprint_name": name,
            "documents": {
                "bucket_name": code("var.foundation.s3.bucket_name"),
                "prefix": code('format("%s%s/", var.foundation.s3.prefixes.data_knowledge, {})', name),
                "policy_document": documents.get("policy_document"),
            },
            "embedding": base.embedding.model_dump(),
            "chunks": base.chunks.model_dump(),
            "kms_key_arn": DATA_KEY,
            "boundary_arn": BOUNDARY,
        },
        source="bedrock_knowledge_base",
    )
    return {name: made.get(name) for name in ("id", "data_source_id", "retrieve_policy_document")}


def _agent(stack: BlueprintStack, knowledge_base: dict[str, Any] | None) -> dict[str, Any]:
    """The agent looks documents up itself, and asks the model through the blueprint's own profile."""
    agent, base = stack.blueprint.agent, stack.blueprint.knowledge_base
    assert agent is not None
    asked: dict[str, Any] = {
        "context": code("var.context"),
        "blueprint_name": stack.blueprint.name,
        "instruction": agent.instruction,
        "idle_minutes": agent.idle_minutes,
        "model": {
            "arn": code("module.model.inference_profile_arn"),
            "invoke_policy_document": code("module.model.invoke_policy_document"),
        },
        "guardrail": code("module.model.guardrail"),
        "kms_key_arn": DATA_KEY,
        "boundary_arn": BOUNDARY,
    }
    if base is not None and knowledge_base is not None:
        asked["knowledge_base"] = {
            "id": knowledge_base["id"],
            "description": base.description,
            "retrieve_policy_document": knowledge_base["retrieve_policy_document"],
        }
    made = stack.module("agent", asked, source="bedrock_agent")
    return {name: made.get(name) for name in ("id", "alias_id", "invoke_policy_document")}
