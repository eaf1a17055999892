"""What `synth` writes for knowledge bases and agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.blueprints import synth_inputs
from orchestrator.config.model.platform import Blueprint
from tests.unit.orchestrator.blueprints.stacks import (
    CHAT,
    ENVIRONMENT,
    REPO,
    written,
)

BASE = {"description": "Handbooks of the products.", "embedding": {"dimensions": 256}, "results": 3}
AGENT = {"instruction": "You answer questions of customers about their orders."}


def assisted(folder: Path, **sections: object) -> dict[str, Any]:
    configured = Blueprint.model_validate({**CHAT.model_dump(exclude_unset=True), **sections})
    document = written(folder, configured)
    inputs = synth_inputs(ENVIRONMENT, configured, REPO)
    called = {Path(each["source"]).name for each in document["module"].values()}
    assert called <= {inputs.module.name, *(file.parent.name for file in inputs.code)}
    return document


def test_a_knowledge_base_is_made_of_the_blueprints_folder_and_told_to_the_model(tmp_path: Path) -> None:
    document = assisted(tmp_path, knowledge_base=BASE)
    base, model = document["module"]["knowledge_base"], document["module"]["model"]
    assert base["documents"]["prefix"] == '${format("%s%s/", var.foundation.s3.prefixes.data_knowledge, "chat")}'
    assert base["documents"]["policy_document"] == "${module.documents.policy_document}"
    assert document["module"]["documents"]["read"] == ["data_knowledge/chat"]
    assert base["embedding"] == {"model_id": "amazon.titan-embed-text-v2:0", "dimensions": 256}
    assert (base["kms_key_arn"], base["boundary_arn"]) == (
        "${var.foundation.kms.data_key_arn}",
        "${var.foundation.iam.boundary_arn}",
    )
    assert model["knowledge_base"] == {
        "id": "${module.knowledge_base.id}",
        "results": 3,
        "retrieve_policy_document": "${module.knowledge_base.retrieve_policy_document}",
    }
    published = document["output"]["blueprint"]["value"]
    assert published["data_source_id"] == "${module.knowledge_base.data_source_id}"
    assert "agent" not in model


def test_an_agent_asks_the_blueprints_model_and_looks_documents_up_itself(tmp_path: Path) -> None:
    document = assisted(tmp_path, knowledge_base=BASE, agent=AGENT)
    agent, model = document["module"]["agent"], document["module"]["model"]
    assert agent["model"]["arn"] == "${module.model.inference_profile_arn}"
    assert agent["guardrail"] == "${module.model.guardrail}"
    assert agent["knowledge_base"]["description"] == "Handbooks of the products."
    assert agent["kms_key_arn"] == "${var.foundation.kms.data_key_arn}"
    assert "knowledge_base" not in model
    assert model["agent"] == {
        "id": "${module.agent.id}",
        "alias_id": "${module.agent.alias_id}",
        "invoke_policy_document": "${module.agent.invoke_policy_document}",
    }
    assert document["output"]["blueprint"]["value"]["agent_alias_id"] == "${module.agent.alias_id}"


def test_without_either_there_is_the_model_alone(tmp_path: Path) -> None:
    document = assisted(tmp_path)
    assert set(document["module"]) == {"model"}
