from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.config import Environment, load
from orchestrator.errors import ConfigError
from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans, steps
from orchestrator.planning.graph import Graph, order
from orchestrator.planning.steps import Plan
from orchestrator.reporting import explain
from tests.fakes.platforms import SHIPPED, platform

PROBED = "smoke-test it, directly and through the API"
RELEASED = "release the live version, unless the endpoint is up to date"
SYNTHESISED = "if not proven: plan, policy gate, apply (synthesised from its blueprint file)"
REPO = Path(__file__).resolve().parents[4]


def needs(plan: steps.Plan) -> dict[str, set[str]]:
    return {step.name: set(step.needs) for step in plan.steps}


def test_the_description_of_a_deploy_lists_its_steps(environment: Environment, graph: Graph) -> None:
    plan = plans.deploy(environment, graph)
    # Columns are as wide as the longest name.
    assert [re.sub(" {2,}", "  ", line.strip()) for line in explain.describe(plan)] == [
        "1. emulator  start the local AWS, if it is not running",
        "2. account  check credentials and account",
        "3. packages  build Lambda and job packages",
        "4. policy  policy gate on the Terraform source",
        "5. state  prepare the state bucket, read what is deployed",
        "6. buckets  if not proven: plan, policy gate, apply (terraform/phases/1-foundation/buckets)",
        "7. foundation  if not proven: plan, policy gate, apply (terraform/phases/1-foundation)",
        "8. retention  if not proven: plan, policy gate, apply (terraform/phases/1-foundation/retention)",
        "9. notifications  if not proven: plan, policy gate, apply (terraform/phases/1-foundation/notifications)",
        "10. data  if not proven: plan, policy gate, apply (terraform/phases/2-data)",
        "11. studio  if not proven: plan, policy gate, apply (terraform/phases/2-data/studio)",
        "12. features  if not proven: plan, policy gate, apply (terraform/phases/2-data/features)",
        "13. models  if not proven: plan, policy gate, apply (terraform/phases/3-models)",
        "14. pipeline  run the training pipeline if no model version is live and none waits for approval",
        "15. releases  if not proven: plan, policy gate, apply (terraform/phases/3-models/releases)",
        "16. former keys  remove API keys that are no longer in the environment file",
        "17. inference  if not proven: plan, policy gate, apply (terraform/phases/4-inference)",
        "18. api keys  create missing API keys, remove those whose rotation has ended",
        f"19. blueprint-chat-async  {SYNTHESISED}",
        f"20. blueprint-chat-batch  {SYNTHESISED}",
        f"21. blueprint-chat-serverless  {SYNTHESISED}",
        f"22. blueprint-chat  {SYNTHESISED}",
        f"23. blueprint-reviews-async  {SYNTHESISED}",
        f"24. blueprint-reviews-batch  {SYNTHESISED}",
        f"25. blueprint-reviews-serverless  {SYNTHESISED}",
        f"26. blueprint-reviews  {SYNTHESISED}",
        "27. monitoring  if not proven: plan, policy gate, apply (terraform/phases/5-monitoring)",
        f"28. smoke chat-async  {PROBED}",
        f"29. smoke chat-batch  {PROBED}",
        f"30. smoke chat-serverless  {PROBED}",
        f"31. smoke chat  {PROBED}",
        f"32. release reviews-async  {RELEASED}",
        f"33. smoke reviews-async  {PROBED}",
        f"34. release reviews-batch  {RELEASED}",
        f"35. smoke reviews-batch  {PROBED}",
        f"36. release reviews-serverless  {RELEASED}",
        f"37. smoke reviews-serverless  {PROBED}",
        f"38. release reviews  {RELEASED}",
        f"39. smoke reviews  {PROBED}",
        "40. audit  find resources with the environment's tags that are in no state",
    ]


def test_a_blueprint_is_probed_once_it_is_deployed_and_released(environment: Environment, graph: Graph) -> None:
    needs_of = needs(plans.deploy(environment, graph))
    assert needs_of["smoke chat"] == {"policy", "blueprint-chat", "api keys"}
    assert needs_of["smoke reviews"] == {"policy", "release reviews", "api keys"}
    assert needs_of["release reviews"] == {"policy", "blueprint-reviews", "releases"}
    assert {name.removeprefix("smoke ") for name in needs_of if name.startswith("smoke ")} == {
        each.name for each in environment.blueprints
    }


def test_keys_are_created_after_their_plans_and_former_ones_removed_before(
    environment: Environment, graph: Graph
) -> None:
    plan = plans.deploy(environment, graph)
    needs_of = needs(plan)
    assert needs_of[steps.KEYS] == {"policy", "inference"}
    assert "former keys" in needs_of["inference"]
    [removal] = [step for step in plan.steps if isinstance(step, steps.RemoveKeys)]
    assert removal.but == ("default", "smoke", "reviews-team")
    without = plans.deploy(environment, graph, stacks=graph.select(phases=["data"]))
    assert not [step for step in without.steps if isinstance(step, (steps.KeepKeys, steps.RemoveKeys))]


def test_no_key_is_removed_before_the_approval() -> None:
    prod = load(REPO, "prod")
    assert "approval" in needs(plans.deploy(prod, graphs.build(phases.read(REPO), prod)))["former keys"]


@pytest.mark.parametrize(
    ("name", "refresh", "skipping"),
    [
        ("local", False, True),
        ("dev", False, True),
        ("staging", False, False),
        ("prod", False, False),
        ("local", True, False),
        ("dev", True, False),
    ],
)
def test_which_environments_skip_proven_stacks(name: str, refresh: bool, skipping: bool) -> None:
    chosen = load(REPO, name)
    plan = plans.deploy(chosen, graphs.build(phases.read(REPO), chosen), refresh=refresh)
    assert {step.skip for step in plan.steps if isinstance(step, steps.DeployStack)} == {skipping}
    assert {step.fresh for step in plan.steps if isinstance(step, steps.ScanSource)} == {refresh}


@pytest.mark.parametrize(("target", "is_local"), [("local", True), ("aws", False)])
def test_the_target_decides_settings_that_the_file_omits(
    environment: Environment, graph: Graph, target: str, is_local: bool
) -> None:
    """On AWS every stack is planned, approval is required, and no model is trained on the sample reviews."""
    bare = environment.model_copy(update={"platform": platform(target=target)})
    plan = plans.deploy(bare, graph)
    assert {step.skip for step in plan.steps if isinstance(step, steps.DeployStack)} == {is_local}
    assert {step.has_data for step in plan.steps if isinstance(step, steps.RunPipeline)} == {is_local}
    assert any(isinstance(step, steps.Approve) for step in plan.steps) is not is_local


def test_steps_of_an_unfinished_run_are_skipped_and_its_training_is_not_repeated(repo: Path) -> None:
    staging = load(repo, "staging")
    graph = graphs.build(phases.read(repo), staging)
    plan = plans.deploy(staging, graph, force_pipeline=True, refresh=True, done=("data", "pipeline"))
    assert [step.name for step in plan.steps if isinstance(step, steps.DeployStack) and step.skip] == ["data"]
    assert [step.force for step in plan.steps if isinstance(step, steps.RunPipeline)] == [False]


def test_which_environments_of_this_repository_train_on_sample_data() -> None:
    assert {name for name in SHIPPED if load(REPO, name).has_sample_data} == {"local", "dev", "staging"}


@pytest.mark.parametrize("make", [plans.deploy, plans.destroy])
def test_the_needs_of_every_plan_are_steps_without_cycles(
    environment: Environment, graph: Graph, make: Callable[..., Plan]
) -> None:
    plan = make(environment, graph)
    names = {step.name for step in plan.steps}
    assert all(each <= names for each in needs(plan).values())
    assert sorted(order(needs(plan))) == sorted(names)


def test_only_a_blueprint_with_a_trained_model_waits_for_the_pipeline(environment: Environment, graph: Graph) -> None:
    needs_of = needs(plans.deploy(environment, graph))
    assert {name for name, each in needs_of.items() if "pipeline" in each} == {
        "blueprint-reviews",
        "blueprint-reviews-async",
        "blueprint-reviews-batch",
        "blueprint-reviews-serverless",
    }


def test_on_aws_nothing_starts_before_the_account_is_known() -> None:
    dev = load(REPO, "dev")
    plan = plans.deploy(dev, graphs.build(phases.read(REPO), dev))
    assert [step.name for step in plan.steps if not step.needs] == ["account"]
    assert not any(isinstance(step, steps.StartEmulator) for step in plan.steps)


def test_a_part_passes_the_same_gates_as_the_whole(environment: Environment, graph: Graph) -> None:
    part = plans.deploy(environment, graph, stacks=graph.select(phases=["2"]))
    assert needs(part)["data"] == {"packages", "state"}
    assert {step.cleared_by for step in part.steps if isinstance(step, steps.DeployStack)} == {("policy",)}
    assert not any(isinstance(step, (steps.RunPipeline, steps.SmokeTest)) for step in part.steps)


def test_destroy_removes_dependents_first_and_models_before_their_group(environment: Environment, graph: Graph) -> None:
    needs_of = needs(plans.destroy(environment, graph))
    for stack in graph.stacks:
        for needed in stack.needs:
            assert stack.name in needs_of[needed]
    assert "model versions" in needs_of["foundation"]
    assert {"blueprint-reviews", "models"} <= needs_of["model versions"]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Error: Error acquiring the state lock", "holds the state lock"),
        ("operation error STS: InvalidClientTokenId", "rejected these credentials"),
        ("ResourceLimitExceeded: The account-level service limit", "quota is used up"),
        ("dial tcp 127.0.0.1:4566: connect: connection refused", "does not answer"),
        ("with on-demand throughput isn\u2019t supported", "inference profiles only"),
        ("User: x is not authorized to perform: s3:PutObject", "lacks a permission"),
    ],
)
def test_known_errors_have_a_remedy(text: str, meaning: str) -> None:
    remedy = explain.remedy(text)
    assert remedy is not None
    assert meaning in remedy.meaning


def test_an_unknown_error_has_no_remedy() -> None:
    assert explain.remedy("something else") is None


def test_blueprints_require_the_inference_phase(environment: Environment) -> None:
    with pytest.raises(ConfigError, match="needs a phase named `inference`"):
        graphs.build([each for each in phases.read(REPO) if each.order < 4], environment)
