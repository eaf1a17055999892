"""Deploys that skip proven stacks, on a copy of the real Terraform code with fake tools."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from orchestrator.config import Environment
from orchestrator.core.state import State
from orchestrator.errors import TerraformError
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.runs.result import Result
from tests.fakes.tools import FakeTools
from tests.unit.orchestrator.conftest import Deploy, Runs

SKIPPED = "skipped by proof: nothing it is made from has changed"


def planned(tools: FakeTools) -> set[str]:
    """Return the stacks that terraform was called for."""
    return {stack for _, stack in tools.terraform.calls}


def why(result: Result, stack: str) -> list[str]:
    return next(each.why for each in result.stacks if each.name == stack)


def test_the_second_deploy_starts_no_terraform_and_no_synthesis(deploy: Deploy, tools: FakeTools, graph: Graph) -> None:
    deploy()
    shutil.rmtree(tools.repo / "build/local")
    result = deploy()
    assert tools.terraform.calls == []
    assert not list((tools.repo / "build").glob("local/*/root"))
    assert {(stack.action, stack.reason) for stack in result.stacks} == {("unchanged", SKIPPED)}
    assert {stack.total for stack in result.stacks} == {1}
    assert all(stack.why[0].startswith("nothing changed: ") for stack in result.stacks)
    assert len(result.smoke) == 8, "skipped stacks are still probed"
    assert set(tools.store.proofs) == {*graph.names, "smoke-chat-batch", "smoke-reviews-batch"}


def test_refresh_ignores_all_proofs(deploy: Deploy, tools: FakeTools, graph: Graph) -> None:
    deploy()
    deploy(refresh=True)
    assert planned(tools) == set(graph.names)
    assert tools.gate.fresh == [False, True]


FILES = [
    ("terraform/phases/2-data/catalog.tf", {"data"}),
    ("terraform/phases/2-data/.terraform.lock.hcl", {"data"}),
    ("terraform/modules/stepfunctions/templates/training.asl.json.tftpl", {"models"}),
    ("terraform/modules/lambda/logs.tf", {"models", "inference"}),
    ("terraform/modules/bedrock_model/route.tf", {"blueprint-chat", "blueprint-chat-serverless"}),
    ("terraform/modules/serverless_endpoint/model.tf", {"blueprint-reviews-serverless"}),
    ("terraform/modules/realtime_endpoint/model.tf", {"blueprint-reviews"}),
    (
        "terraform/.terraform.lock.hcl",
        {
            f"blueprint-{model}{kind}"
            for model in ("chat", "reviews")
            for kind in ("", "-async", "-batch", "-serverless")
        },
    ),
]


@pytest.mark.parametrize(("name", "affected"), FILES)
def test_a_changed_file_affects_the_stacks_that_use_it(
    deploy: Deploy, tools: FakeTools, name: str, affected: set[str]
) -> None:
    deploy()
    with (tools.repo / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    result = deploy()
    assert planned(tools) == affected
    for stack in affected:
        assert why(result, stack) == [f"file {name} changed"]
    assert deploy().stacks[0].reason == SKIPPED, "a plan without changes is a success, too"
    assert planned(tools) == set()


def test_a_newly_called_module_counts_at_once(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    with (tools.repo / "terraform/phases/2-data/catalog.tf").open("a", encoding="utf-8") as file:
        file.write('\nmodule "more" {\n  source = "../../modules/ecr"\n}\n')
    assert "file terraform/modules/ecr/repositories.tf is new" in why(deploy(), "data")


def test_values_packages_and_policies_count(deploy: Deploy, tools: FakeTools, environment: Environment) -> None:
    deploy()
    tools.packager.version = "2"
    result = deploy()
    workers = {"blueprint-chat-async", "blueprint-reviews-async"}
    assert planned(tools) == {"data", "features", "models", "inference"} | workers
    assert why(result, "data") == ["value `packages` changed"]
    tools.gate.rules = "rules-2"
    assert {tuple(stack.why) for stack in deploy().stacks} == {("the policies changed",)}
    training = environment.platform.training.model_copy(update={"max_runtime_seconds": 1234})
    platform = environment.platform.model_copy(update={"training": training})
    deploy(environment.model_copy(update={"platform": platform}))
    assert planned(tools) == {"models", "releases"}


def test_a_blueprint_file_affects_its_stack(deploy: Deploy, tools: FakeTools, environment: Environment) -> None:
    deploy()
    blueprints = tuple(
        each.model_copy(update={"parameters": {"temperature": 0.1}}) if each.name == "chat" else each
        for each in environment.blueprints
    )
    result = deploy(environment.model_copy(update={"blueprints": blueprints}))
    assert planned(tools) == {"blueprint-chat"}
    assert why(result, "blueprint-chat") == ["the blueprint file changed"]


def test_changed_outputs_affect_the_stacks_that_read_them(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    state = tools.store.states["data"]
    tools.store.states["data"] = dataclasses.replace(state, outputs={"data": {"glue": {"job": "other"}}})
    deploy()
    assert planned(tools) == {"features", "models"}


def test_a_state_written_outside_the_run_is_planned(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    state = tools.store.states["data"]
    tools.store.states["data"] = dataclasses.replace(state, serial=state.serial + 1)
    result = deploy()
    assert planned(tools) == {"data"}
    assert why(result, "data") == ["the state has serial 2, after the last success it was 1"]


def test_a_failed_apply_leaves_no_proof_even_if_the_change_is_reverted(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    catalog = tools.repo / "terraform/phases/2-data/catalog.tf"
    before = catalog.read_text(encoding="utf-8")
    catalog.write_text(before + "\n", encoding="utf-8")
    tools.terraform.forget("data")
    tools.terraform.failures[("apply", "data")] = TerraformError("half done")
    assert deploy().exit_code != 0
    assert "data" not in tools.store.proofs
    catalog.write_text(before, encoding="utf-8")
    tools.terraform.failures.clear()
    assert why(deploy(), "data") == ["no proof of an earlier success"]
    assert planned(tools) == {"data"}


def test_an_interrupted_apply_leaves_no_proof(deploy: Deploy, run: Runs, tools: FakeTools) -> None:
    def interrupt(stack: str) -> None:
        if stack == "data":
            run.cancel.set()
            raise KeyboardInterrupt  # like a kill: nothing runs after it

    tools.terraform.before_apply = interrupt
    with pytest.raises(KeyboardInterrupt):
        deploy()
    assert "foundation" in tools.store.proofs
    assert not set(tools.store.proofs) & {"data", "models"}


def test_a_file_that_changes_during_the_apply_leaves_no_proof(deploy: Deploy, tools: FakeTools) -> None:
    def edit(stack: str) -> None:
        if stack == "data":
            with (tools.repo / "terraform/phases/2-data/catalog.tf").open("a", encoding="utf-8") as file:
                file.write("# typed while terraform was reading\n")

    tools.terraform.before_apply = edit
    deploy()
    assert "data" not in tools.store.proofs
    assert "models" in tools.store.proofs


def test_a_proof_that_cannot_be_stored_is_ignored(deploy: Deploy, tools: FakeTools) -> None:
    tools.store.proof_failure = TerraformError("AccessDenied")
    assert deploy().exit_code == 0
    assert tools.store.proofs == {}


@pytest.mark.parametrize("damaged", [{}, {"schema": 1}, {"schema": 2, "stack": "data"}])
def test_an_unreadable_proof_is_ignored(deploy: Deploy, tools: FakeTools, damaged: dict[str, object]) -> None:
    deploy()
    tools.store.proofs["data"] = damaged
    deploy()
    assert planned(tools) == {"data"}


def test_a_store_that_cannot_be_read_proves_nothing(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    tools.store.unreadable["data"] = TerraformError("AccessDenied")
    assert deploy().exit_code == 0
    assert planned(tools) == {"data"}


def test_a_state_without_outputs_is_never_skipped(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    state = tools.store.states["monitoring"]
    tools.store.states["monitoring"] = State(state.serial, state.lineage, {}, state.resources)
    deploy()
    assert planned(tools) == {"monitoring"}


def test_code_that_reads_files_outside_its_folder_is_never_skipped(deploy: Deploy, tools: FakeTools) -> None:
    with (tools.repo / "terraform/phases/2-data/catalog.tf").open("a", encoding="utf-8") as file:
        file.write('\nlocals {\n  text = file("../../../README.md")\n}\n')
    deploy()
    result = deploy()
    assert planned(tools) == {"data"}
    assert why(result, "data")[0].startswith(
        "it cannot be proven: catalog.tf of 2-data reads a file outside of its folder"
    )


def test_destroy_removes_the_proof_of_what_it_destroys(
    deploy: Deploy, run: Runs, tools: FakeTools, environment: Environment, graph: Graph
) -> None:
    deploy()
    run(plans.destroy(environment, graph))
    left = {stack for stack, state in tools.store.states.items() if state.resources}
    assert set(tools.store.proofs) == left
    assert left == {"foundation", "buckets"}, "without an answer for the model versions, their group has to stay"


def test_a_proof_is_valid_in_another_checkout(deploy: Deploy, tools: FakeTools, tmp_path: Path) -> None:
    deploy()
    other = tmp_path / "elsewhere"
    shutil.copytree(tools.repo / "terraform", other / "terraform")
    shutil.copytree(tools.repo / ".cache", other / ".cache")
    tools.repo = other
    tools.modules = {source: other / "terraform/modules" / each.name for source, each in tools.modules.items()}
    deploy()
    assert planned(tools) == set()
