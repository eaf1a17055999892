"""Jobs of the probes run again only if something that they depend on has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator import smoke
from orchestrator.config import Environment
from orchestrator.config.model import platform
from orchestrator.errors import TerraformError
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import SmokeTest
from orchestrator.runs.result import Result
from orchestrator.stacks import probe_proofs
from tests.fakes.tools import OUTPUTS, VERSION, FakeTools
from tests.unit.orchestrator.conftest import Deploy, Runs

BATCHES = {"chat-batch", "reviews-batch"}


def probed_again(tools: FakeTools) -> set[str]:
    """Return the batch blueprints whose jobs the last deployment had to run."""
    return {name for name in BATCHES if not tools.proven[name]}


def proven_at(result: Result) -> dict[str, str | None]:
    return {each.blueprint: each.proven_at for each in result.smoke if each.probe == "batch"}


def test_the_second_deploy_reuses_the_proofs_of_the_first(deploy: Deploy, tools: FakeTools) -> None:
    first = deploy()
    assert probed_again(tools) == BATCHES
    assert set(proven_at(first).values()) == {None}
    second = proven_at(deploy())
    assert probed_again(tools) == set()
    assert all(second.values())
    assert proven_at(deploy()) == second, "a probe that is not repeated keeps its time"
    assert {name for name, probes in tools.proven.items() if probes} == BATCHES, "all others are probed each time"


def test_refresh_repeats_all_probes(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    deploy(refresh=True)
    assert probed_again(tools) == BATCHES


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("terraform/modules/lambda/logs.tf", BATCHES),
        ("terraform/modules/batch_transform/route.tf", {"reviews-batch"}),
        ("terraform/modules/realtime_endpoint/model.tf", set()),
    ],
)
def test_a_changed_stack_is_probed_again(deploy: Deploy, tools: FakeTools, name: str, again: set[str]) -> None:
    deploy()
    file = tools.repo / name
    assert file.is_file()
    file.write_text(file.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    deploy()
    assert probed_again(tools) == again


def test_another_model_version_is_probed_again(deploy: Deploy, tools: FakeTools) -> None:
    deploy()
    tools.live = {group: {**VERSION, "model_package_arn": "arn:2"} for group in tools.live}
    deploy()
    assert probed_again(tools) == {"reviews-batch"}


def test_another_released_version_is_probed_again(
    deploy: Deploy, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"name": "reviews-batch", "release_parameter_name": "/mlops/local/releases/specs/reviews-batch"}
    monkeypatch.setitem(OUTPUTS, "blueprint-reviews-batch", published)
    deploy()
    deploy()
    assert probed_again(tools) == set()
    tools.pinned = {"reviews-batch": f"{VERSION['model_package_arn']}0"}
    deploy()
    assert probed_again(tools) == {"reviews-batch"}


def test_changed_smoke_settings_are_probed_again(deploy: Deploy, tools: FakeTools, environment: Environment) -> None:
    deploy()
    changed = [
        each.model_copy(
            update={"smoke": each.smoke.model_copy(update={"max_latency_ms": 1 + each.smoke.max_latency_ms})}
        )
        if each.name == "chat-batch"
        else each
        for each in environment.blueprints
    ]
    deploy(environment.model_copy(update={"blueprints": tuple(changed)}))
    assert probed_again(tools) == {"chat-batch"}


def test_a_changed_probe_is_run_again(
    deploy: Deploy, tools: FakeTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy()
    (tmp_path / "smoke").mkdir()
    monkeypatch.setattr(smoke, "__file__", str(tmp_path / "smoke/__init__.py"))
    deploy()
    assert probed_again(tools) == BATCHES


def test_a_failed_probe_removes_its_proof(
    deploy: Deploy, run: Runs, tools: FakeTools, environment: Environment, graph: Graph
) -> None:
    deploy()
    tools.probes = {"chat-batch": "failed"}
    assert run(plans.smoke(environment, graph)).exit_code == 10
    assert not any(tools.proven.values()), "`smoke` runs all probes"
    tools.probes = {}
    deploy()
    assert probed_again(tools) == {"chat-batch"}


def test_no_probe_is_proven_without_a_proof_of_its_stack(deploy: Deploy, tools: FakeTools) -> None:
    tools.store.proof_failure = TerraformError("AccessDenied")
    assert deploy().exit_code == 0
    tools.store.proof_failure = None
    deploy()
    assert probed_again(tools) == BATCHES


@pytest.mark.parametrize("damaged", [{"schema": 2}, {"schema": 1, "probes": {"batch": {"at": 1}}}])
def test_an_unreadable_record_is_ignored(deploy: Deploy, tools: FakeTools, damaged: dict[str, object]) -> None:
    deploy()
    tools.store.proofs[probe_proofs.document("chat-batch")] = damaged
    tools.store.proofs[probe_proofs.document("reviews-batch")] = damaged
    deploy()
    assert probed_again(tools) == BATCHES


def test_an_unreadable_store_is_reported_and_its_probes_are_repeated(
    deploy: Deploy, run: Runs, tools: FakeTools
) -> None:
    deploy()
    tools.store.unreadable[probe_proofs.document("chat-batch")] = TerraformError("AccessDenied")
    assert deploy().exit_code == 0
    assert probed_again(tools) == {"chat-batch"}
    assert any("unreadable: AccessDenied" in str(event.get("message")) for event in run.events)


def test_probes_are_not_skipped_if_stacks_are_not(environment: Environment, graph: Graph) -> None:
    never_skipping = environment.platform.model_copy(update={"deploy": platform.Deploy(skip="never")})
    steps = plans.deploy(environment.model_copy(update={"platform": never_skipping}), graph).steps
    assert [step.skip for step in steps if isinstance(step, SmokeTest)] == [False] * 8
