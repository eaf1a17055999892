"""Sections `knowledge_base` and `agent` of a Bedrock blueprint's file, and the rules across them.

Either changes what a request reaches: documents are retrieved before the model answers, or an agent answers, which
decides itself whether to retrieve documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from orchestrator.config.model.section import Section
from orchestrator.config.problems import Problem
from orchestrator.config.yaml_source import Document, Location

if TYPE_CHECKING:
    from orchestrator.config.model.blueprint import Blueprint
    from orchestrator.config.model.platform import Platform

EmbeddingModel = Literal["amazon.titan-embed-text-v2:0", "cohere.embed-english-v3", "cohere.embed-multilingual-v3"]
TITAN: EmbeddingModel = "amazon.titan-embed-text-v2:0"
ONE_LENGTH = 1024
"""Length of the vectors of Cohere's models, which is fixed."""


class Embedding(Section):
    """Model that embeds the documents. A change creates a new index, which embeds all documents again."""

    model_id: EmbeddingModel = TITAN
    dimensions: Literal[256, 512, 1024] = Field(1024, description="of each vector; Cohere's have 1024")


class Chunks(Section):
    """Chunks into which documents are split."""

    tokens: int = Field(300, ge=20, le=8192)
    overlap_percent: int = Field(20, ge=1, le=99)


class KnowledgeBase(Section):
    """Documents in data/knowledge/<name>/ that answers are based on. AWS bills stored vectors and searches."""

    description: str = Field(min_length=1, max_length=200, description="content of the documents, for agents")
    embedding: Embedding = Embedding()
    chunks: Chunks = Chunks()
    results: int = Field(5, ge=1, le=100, description="chunks that are passed to the model")


class Agent(Section):
    """An agent of Bedrock that answers instead of the model, and remembers a conversation."""

    instruction: str = Field(min_length=40, max_length=4000, description="purpose and behaviour of the agent")
    idle_minutes: int = Field(10, ge=1, le=60, description="a conversation is remembered for this time")


def check(environment: str, platform: Platform, document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Check one blueprint file in its environment."""
    sections: tuple[tuple[Location, object, bool], ...] = (
        (("knowledge_base",), blueprint.knowledge_base, platform.bedrock.knowledge_bases),
        (("agent",), blueprint.agent, platform.bedrock.agents),
    )
    for location, section, switched_on in sections:
        if section is None:
            continue
        if platform.target == "local":
            rule = f"is not available in `{environment}`: the local AWS does not emulate knowledge bases and agents"
            yield document.problem(location, rule, str(location[0]))
        elif not switched_on:
            rule = (
                f"requires `bedrock.{location[0]}s: true` in platform.yaml, which grants roles and keys of this "
                "environment the necessary access"
            )
            yield document.problem(location, rule, str(location[0]))
    base = blueprint.knowledge_base
    if base and base.embedding.model_id != TITAN and base.embedding.dimensions != ONE_LENGTH:
        rule = f"must be {ONE_LENGTH} for {base.embedding.model_id}, whose vectors have a fixed length"
        yield document.problem(("knowledge_base", "embedding", "dimensions"), rule, base.embedding.dimensions)
    if blueprint.agent and blueprint.parameters:
        rule = "cannot be combined with `agent`, which accepts no parameters; describe its behaviour in `instruction`"
        yield document.problem(("parameters",), rule, dict(blueprint.parameters))
    elif base and "system" in blueprint.parameters:
        rule = "cannot be combined with `knowledge_base`: Bedrock provides the system prompt itself"
        yield document.problem(("parameters", "system"), rule, blueprint.parameters["system"])
    model = blueprint.model
    if blueprint.agent and model.source == "bedrock" and model.provisioned:
        rule = "cannot be combined with `model.provisioned`: the agent calls an inference profile to track its cost"
        yield document.problem(("agent",), rule, "agent")
