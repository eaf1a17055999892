"""Sections `knowledge_base` and `agent` of a Bedrock blueprint's file, and the rules across them.

Either changes what a request reaches: documents are looked up before the model answers, or an agent answers, which
looks them up when it thinks that it should.
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
"""Of the vectors of Cohere's models, which let nobody choose."""


class Embedding(Section):
    """What turns text into vectors. A change makes a new index, which has to read all documents again."""

    model_id: EmbeddingModel = TITAN
    dimensions: Literal[256, 512, 1024] = Field(1024, description="of each vector; Cohere's have 1024")


class Chunks(Section):
    """Pieces that documents are cut into."""

    tokens: int = Field(300, ge=20, le=8192)
    overlap_percent: int = Field(20, ge=1, le=99)


class KnowledgeBase(Section):
    """Documents that answers rest on: those below data/knowledge/<name>/. Stored vectors and searches are paid for."""

    description: str = Field(min_length=1, max_length=200, description="what is in the documents: agents decide by it")
    embedding: Embedding = Embedding()
    chunks: Chunks = Chunks()
    results: int = Field(5, ge=1, le=100, description="pieces that the model is shown")


class Agent(Section):
    """An agent of Bedrock that answers in the model's place, and remembers a conversation."""

    instruction: str = Field(min_length=40, max_length=4000, description="what it is there for and how it behaves")
    idle_minutes: int = Field(10, ge=1, le=60, description="for how long it remembers after the last turn")


def check(environment: str, platform: Platform, document: Document, blueprint: Blueprint) -> Iterator[Problem]:
    """Rules of one file, in its environment."""
    asked: tuple[tuple[Location, object, bool], ...] = (
        (("knowledge_base",), blueprint.knowledge_base, platform.bedrock.knowledge_bases),
        (("agent",), blueprint.agent, platform.bedrock.agents),
    )
    for location, section, switched_on in asked:
        if section is None:
            continue
        if platform.target == "local":
            rule = f"is not there in `{environment}`: a local AWS has no vectors of documents and no agents that answer"
            yield document.problem(location, rule, str(location[0]))
        elif not switched_on:
            rule = (
                f"needs `bedrock.{location[0]}s: true` in platform.yaml: without it roles and keys of this "
                "environment do not reach so far"
            )
            yield document.problem(location, rule, str(location[0]))
    base = blueprint.knowledge_base
    if base and base.embedding.model_id != TITAN and base.embedding.dimensions != ONE_LENGTH:
        rule = f"must be {ONE_LENGTH} for {base.embedding.model_id}, whose vectors have one length"
        yield document.problem(("knowledge_base", "embedding", "dimensions"), rule, base.embedding.dimensions)
    if blueprint.agent and blueprint.parameters:
        rule = "are the model's, and an agent takes none: its `instruction` says how it behaves"
        yield document.problem(("parameters",), rule, dict(blueprint.parameters))
    elif base and "system" in blueprint.parameters:
        rule = "does not go with `knowledge_base`: Bedrock itself tells the model what to do with the documents"
        yield document.problem(("parameters", "system"), rule, blueprint.parameters["system"])
    model = blueprint.model
    if blueprint.agent and model.source == "bedrock" and model.provisioned:
        rule = "does not go with `model.provisioned`: the agent asks an inference profile, which shows its cost"
        yield document.problem(("agent",), rule, "agent")
