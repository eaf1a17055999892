"""The file of a blueprint: valid as it stands for each kind and source of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config import load
from orchestrator.config.model.platform import Blueprint
from orchestrator.errors import ConfigError
from orchestrator.scaffold import blueprint as scaffold
from orchestrator.scaffold import dataset, training
from orchestrator.scaffold.blueprint import NewBlueprint


@pytest.fixture
def trained(repo: Path, real: Path) -> Path:
    """A checkout with a training."""
    dataset.compose(repo, "local", "iris", real / "iris.csv").draft.write(repo)
    training.compose(repo, "local", "flowers", "iris").draft.write(repo)
    return repo


def written(repo: Path, new: NewBlueprint, env: str = "local") -> Blueprint:
    [path] = new.draft.write(repo)
    return next(each for each in load(repo, env).blueprints if each.name == path.stem)


@pytest.mark.parametrize("kind", scaffold.KINDS)
def test_each_kind_serves_a_training(trained: Path, kind: str) -> None:
    made = written(trained, scaffold.of_training(trained, "local", kind, "flowers-api", "flowers"))
    assert (made.kind, made.model.source) == (kind, "sagemaker")
    assert made.smoke.golden == list(load(trained, "local").trainings[0].golden)


@pytest.mark.parametrize("kind", scaffold.KINDS)
@pytest.mark.parametrize("model_id", ["amazon.nova-lite-v1:0", "amazon.titan-embed-text-v2:0"])
def test_each_kind_calls_a_model_of_bedrock(repo: Path, kind: str, model_id: str) -> None:
    made = written(repo, scaffold.of_bedrock(repo, "local", kind, "writer", model_id))
    assert (made.kind, made.model.source) == (kind, "bedrock")
    [case] = made.smoke.golden
    assert case.expectations == (("length",) if "embed" in model_id else ("contains",))


@pytest.mark.parametrize(("given", "value"), [('{"a": 1}', {"a": 1}), ("some text", "some text"), ("2.5", 2.5)])
def test_a_group_needs_an_input(repo: Path, given: str, value: object) -> None:
    made = written(repo, scaffold.of_group(repo, "local", "realtime", "mine", "reviews", given))
    [case] = made.smoke.golden
    assert (case.input, case.expectations) == (value, ("schema",))


def test_instances_scale_where_the_environment_demands_it(repo: Path) -> None:
    def text(env: str) -> str:
        new = scaffold.of_group(repo, env, "realtime", "mine", "reviews", "x")
        return next(iter(new.draft.texts.values()))

    assert "\n# autoscaling:" in text("local")
    path = repo / "terraform/envs/dev/platform.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("fixed_size: true", "fixed_size: false"), encoding="utf-8")
    assert "\nautoscaling:" in text("dev")


def test_unknown_models_are_refused(trained: Path) -> None:
    with pytest.raises(ConfigError, match=r"no training `flower`; did you mean `flowers`\?; available: flowers"):
        scaffold.of_training(trained, "local", "realtime", "mine", "flower")
    with pytest.raises(ConfigError, match="is not a model group"):
        scaffold.of_group(trained, "local", "realtime", "mine", "flower", "x")
    with pytest.raises(ConfigError, match="is not a valid name for a blueprint"):
        scaffold.of_bedrock(trained, "local", "realtime", "Mine", "amazon.nova-lite-v1:0")
