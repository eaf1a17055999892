from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.config import Environment, load
from orchestrator.errors import ConfigError
from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans, steps
from orchestrator.planning.graph import Graph, order
from orchestrator.reporting import explain
from tests.fakes.platforms import SHIPPED, platform

PROBED = "smoke-test it, directly and through the API"
RELEASED = "release the live version, unless the endpoint is up to date"
SYNTHESISED = "if not proven: plan, policy gate, apply (synthesised from its blueprint file)"
REPO = Path(__file__).resolve().parents[4]


def needs(wanted: steps.Plan) -> dict[str, set[str]]:
    return {step.name: set(step.needs) for step in wanted.steps}


def test_a_deploy_is_the_same_list_that_is_read_out(environment: Environment, graph: Graph) -> None:
    wanted = plans.deploy(environment, graph)
    # The widths of columns are those of the longest name.
    assert [re.sub(" {2,}", "  ", line.strip()) for line in explain.describe(wanted)] == [
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


def test_a_blueprint_is_probed_as_soon_as_it_stands_and_runs_what_it_should(
    environment: Environment, graph: Graph
) -> None:
    found = needs(plans.deploy(environment, graph))
    assert found["smoke chat"] == {"policy", "blueprint-chat", "api keys"}
    assert found["smoke reviews"] == {"policy", "release reviews", "api keys"}
    assert found["release reviews"] == {"policy", "blueprint-reviews", "releases"}
    assert {name.removeprefix("smoke ") for name in found if name.startswith("smoke ")} == {
        each.name for each in environment.blueprints
    }


def test_keys_follow_their_plans_and_those_of_callers_that_left_go_before(
    environment: Environment, graph: Graph
) -> None:
    wanted = plans.deploy(environment, graph)
    found = needs(wanted)
    assert found[steps.KEYS] == {"policy", "inference"}
    assert "former keys" in found["inference"]
    assert {step.but for step in wanted.steps if isinstance(step, steps.RemoveKeys)} == {
        ("default", "smoke", "reviews-team")
    }
    without = plans.deploy(environment, graph, stacks=graph.select(phases=["data"]))
    assert not [step for step in without.steps if isinstance(step, (steps.KeepKeys, steps.RemoveKeys))]


def test_no_key_is_removed_before_a_person_has_approved() -> None:
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
def test_where_a_proof_is_enough(name: str, refresh: bool, skipping: bool) -> None:
    chosen = load(REPO, name)
    wanted = plans.deploy(chosen, graphs.build(phases.read(REPO), chosen), refresh=refresh)
    assert {step.skip for step in wanted.steps if isinstance(step, steps.DeployStack)} == {skipping}
    assert {step.fresh for step in wanted.steps if isinstance(step, steps.ScanSource)} == {refresh}


@pytest.mark.parametrize(("target", "takes"), [("local", True), ("aws", False)])
def test_where_the_file_says_nothing_the_target_decides(
    environment: Environment, graph: Graph, target: str, takes: bool
) -> None:
    """On AWS every stack is looked at, somebody is asked, and nothing is trained on the sample reviews."""
    bare = environment.model_copy(update={"platform": platform(target=target)})
    wanted = plans.deploy(bare, graph)
    assert {step.skip for step in wanted.steps if isinstance(step, steps.DeployStack)} == {takes}
    assert {step.has_data for step in wanted.steps if isinstance(step, steps.RunPipeline)} == {takes}
    assert any(isinstance(step, steps.Approve) for step in wanted.steps) is not takes


def test_what_an_unfinished_run_has_done_is_left_alone_and_its_training_not_forced_again(repo: Path) -> None:
    staging = load(repo, "staging")
    graph = graphs.build(phases.read(repo), staging)
    wanted = plans.deploy(staging, graph, force_pipeline=True, refresh=True, done=("data", "pipeline"))
    assert [step.name for step in wanted.steps if isinstance(step, steps.DeployStack) and step.skip] == ["data"]
    assert [step.force for step in wanted.steps if isinstance(step, steps.RunPipeline)] == [False]


def test_which_environments_of_this_repository_train_on_the_sample() -> None:
    assert {name for name in SHIPPED if load(REPO, name).has_sample_data} == {"local", "dev", "staging"}


@pytest.mark.parametrize("make", [plans.deploy, plans.destroy])
def test_every_plan_can_be_walked(environment: Environment, graph: Graph, make: object) -> None:
    wanted = make(environment, graph)  # type: ignore[operator]
    names = {step.name for step in wanted.steps}
    assert all(each <= names for each in needs(wanted).values())
    assert sorted(order(needs(wanted))) == sorted(names)


def test_only_a_blueprint_with_a_trained_model_waits_for_the_pipeline(environment: Environment, graph: Graph) -> None:
    found = needs(plans.deploy(environment, graph))
    assert {name for name, each in found.items() if "pipeline" in each} == {
        "blueprint-reviews",
        "blueprint-reviews-async",
        "blueprint-reviews-batch",
        "blueprint-reviews-serverless",
    }


def test_on_aws_nothing_starts_before_the_account_is_known() -> None:
    dev = load(REPO, "dev")
    wanted = plans.deploy(dev, graphs.build(phases.read(REPO), dev))
    assert [step.name for step in wanted.steps if not step.needs] == ["account"]
    assert not any(isinstance(step, steps.StartEmulator) for step in wanted.steps)


def test_a_part_is_gated_like_the_whole(environment: Environment, graph: Graph) -> None:
    part = plans.deploy(environment, graph, stacks=graph.select(phases=["2"]))
    assert needs(part)["data"] == {"packages", "state"}
    assert {step.cleared_by for step in part.steps if isinstance(step, steps.DeployStack)} == {("policy",)}
    assert not any(isinstance(step, (steps.RunPipeline, steps.SmokeTest)) for step in part.steps)


def test_destroy_takes_consumers_first_and_models_before_their_group(environment: Environment, graph: Graph) -> None:
    found = needs(plans.destroy(environment, graph))
    for stack in graph.stacks:
        for needed in stack.needs:
            assert stack.name in found[needed]
    assert "model versions" in found["foundation"]
    assert {"blueprint-reviews", "models"} <= found["model versions"]


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
    found = explain.remedy(text)
    assert found is not None
    assert meaning in found.meaning


def test_an_unknown_error_has_none() -> None:
    assert explain.remedy("something else") is None


def test_blueprints_need_the_phase_that_serves_them(environment: Environment) -> None:
    with pytest.raises(ConfigError, match="needs a phase named `inference`"):
        graphs.build([each for each in phases.read(REPO) if each.order < 4], environment)
