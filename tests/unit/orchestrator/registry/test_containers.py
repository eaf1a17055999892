"""What serves an imported model."""

from __future__ import annotations

import pytest

from orchestrator.config import Environment, load
from orchestrator.errors import ConfigError
from orchestrator.registry import containers
from tests.support.process import ROOT

REPOSITORIES = {name: f"registry/{name}" for name in ("pytorch-inference", "sagemaker-scikit-learn")}
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"


def environment(name: str) -> Environment:
    return load(ROOT, name)


@pytest.mark.parametrize(
    ("framework", "image", "carries"),
    [
        ("sklearn", "registry/sagemaker-scikit-learn:", ""),
        ("xgboost", "registry/sagemaker-scikit-learn:", "xgboost-cpu=="),
        ("lightgbm", "registry/sagemaker-scikit-learn:", "lightgbm=="),
        ("pytorch", "registry/pytorch-inference:", ""),
    ],
)
def test_each_framework_has_an_image_of_aws(framework: str, image: str, carries: str) -> None:
    made = containers.of_framework(environment("local"), framework, REPOSITORIES)
    assert made.image.startswith(image)
    assert len(made.image) > len(image)
    assert (made.needed, made.carries.startswith(carries), bool(made.carries)) == (
        ("code/inference.py",),
        True,
        bool(carries),
    )
    assert made.environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert framework in containers.FRAMEWORKS


def test_the_repositories_are_those_that_terraform_publishes() -> None:
    text = (ROOT / "terraform/phases/3-models/imports.tf").read_text(encoding="utf-8")
    assert all(f'"{name}"' in text for name in REPOSITORIES)


def test_an_own_image_needs_an_environment_on_aws() -> None:
    made = containers.of_image(environment("dev"), IMAGE)
    assert (made.image, made.needed, made.environment) == (IMAGE, (), {})
    with pytest.raises(ConfigError, match="the local AWS runs Python code but no container images"):
        containers.of_image(environment("local"), IMAGE)


@pytest.mark.parametrize("uri", ["mine:1", IMAGE.replace("us-east-1", "eu-west-1"), IMAGE.removesuffix(":1")])
def test_other_images_are_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"the image `.*` must be"):
        containers.of_image(environment("dev"), uri)
