"""What a blueprint file may say of documents and agents, and where."""

from __future__ import annotations

import pytest

from orchestrator.config import Environment
from orchestrator.config.loader import build
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file

SWITCHED_ON = "bedrock: {knowledge_bases: true, agents: true}\n"
MODEL = "{source: bedrock, model_id: amazon.nova-lite-v1:0}"
BASE = "knowledge_base: {description: Handbooks of the products.}\n"
AGENT = "agent: {instruction: You answer questions of customers about their orders.}\n"


def load(more: str, *, platform: str = SWITCHED_ON, target: str = "aws", kind: str = "realtime") -> Environment:
    text = f"name: chat\nkind: {kind}\nmodel: {MODEL}\nsmoke: {{golden: [{{input: x, contains: ''}}]}}\n{more}"
    return build("here", platform_file(platform, target), {"chat": ("chat.yaml", text)})


def test_documents_and_agents_have_defaults() -> None:
    [chat] = load(BASE + AGENT).blueprints
    assert chat.knowledge_base is not None
    assert chat.agent is not None
    assert chat.knowledge_base.model_dump() == {
        "description": "Handbooks of the products.",
        "embedding": {"model_id": "amazon.titan-embed-text-v2:0", "dimensions": 1024},
        "chunks": {"tokens": 300, "overlap_percent": 20},
        "results": 5,
    }
    assert chat.agent.idle_minutes == 10


@pytest.mark.parametrize(
    ("more", "given", "expected"),
    [
        (BASE, {"platform": ""}, "chat.yaml:5: knowledge_base: requires `bedrock.knowledge_bases: true`"),
        (AGENT, {"platform": ""}, "chat.yaml:5: agent: requires `bedrock.agents: true`"),
        (BASE, {"target": "local"}, "knowledge_base: is not available in `here`"),
        (AGENT, {"target": "local"}, "agent: is not available in `here`"),
        ("agent: {instruction: Be nice.}\n", {}, "agent.instruction: "),
        (
            "knowledge_base: {description: x, embedding: {model_id: cohere.embed-english-v3, dimensions: 256}}\n",
            {},
            "knowledge_base.embedding.dimensions: must be 1024 for cohere.embed-english-v3",
        ),
        (AGENT + "parameters: {max_tokens: 5}\n", {}, "parameters: cannot be combined with `agent`"),
        (BASE + "parameters: {system: x}\n", {}, "parameters.system: cannot be combined with `knowledge_base`"),
        (BASE, {"kind": "batch"}, "knowledge_base: cannot be combined with kind `batch`: Bedrock's batch jobs"),
        (AGENT, {"kind": "async"}, "agent: cannot be combined with kind `async`: the worker of the queue"),
    ],
)
def test_rules_of_documents_and_agents(more: str, given: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(more, **given)
    assert expected in error.value.message


def test_documents_belong_to_models_of_bedrock() -> None:
    text = f"name: reviews\nkind: realtime\nmodel: {{source: sagemaker, group: reviews}}\n{BASE}"
    text += "smoke: {golden: [{input: x, label: positive}]}\n"
    with pytest.raises(ConfigError, match="is only available for models of bedrock"):
        build("here", platform_file(SWITCHED_ON), {"reviews": ("reviews.yaml", text)})


def test_an_agent_has_no_dedicated_throughput() -> None:
    text = "name: chat\nkind: realtime\nmodel: {source: bedrock, model_id: amazon.nova-lite-v1:0, provisioned: {}}\n"
    text += "smoke: {golden: [{input: x, contains: ''}]}\n" + AGENT
    with pytest.raises(ConfigError, match=r"cannot be combined with `model\.provisioned`"):
        build("here", platform_file(SWITCHED_ON), {"chat": ("chat.yaml", text)})


def test_a_router_without_a_way_out_needs_the_endpoint_of_agents() -> None:
    inside = "network: {nat: none, interface_endpoints: [ssm, sagemaker.runtime, bedrock-runtime%s]}\n"
    vpc = "inference: {lambda_in_vpc: true}\n"
    with pytest.raises(ConfigError, match="interface_endpoints`: bedrock-agent-runtime"):
        load(AGENT, platform=SWITCHED_ON + inside % "" + vpc)
    assert load(AGENT, platform=SWITCHED_ON + inside % ", bedrock-agent-runtime" + vpc).blueprints
