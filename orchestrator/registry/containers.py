"""Choose what serves an imported model: the image of a framework, or an own one. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.config.images import Chosen, image_of, packages_of
from orchestrator.config.model.platform import Environment
from orchestrator.config.problems import InvalidValue
from orchestrator.errors import ConfigError
from orchestrator.registry.archive import CODE
from orchestrator.registry.model import Container

FRAMEWORKS = ("sklearn", "xgboost", "lightgbm", "pytorch")
_IN_ANOTHER_IMAGE = ("xgboost", "lightgbm")
"""Frameworks that are packages: their models run in the image of scikit-learn, which lacks them."""


def of_framework(environment: Environment, name: str, repositories: Mapping[str, str]) -> Container:
    """Return the container of a framework, in which the archive's code answers.

    Args:
        repositories: URIs of AWS's repositories in this region, by name.
    """
    region = environment.platform.region
    image = image_of(Chosen(name=name), region, serving=True)
    variables = {
        # As in the containers of trained models.
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_REGION": region,
    }
    package = packages_of(Chosen(name=name))[0] if name in _IN_ANOTHER_IMAGE else ""
    return Container(f"{repositories[image.repository]}:{image.tag}", variables, (CODE,), package)


def of_image(environment: Environment, uri: str) -> Container:
    """Return an own container, which brings its code. Raises `ConfigError` if this environment cannot run it."""
    if environment.is_local:
        raise ConfigError(
            f"`{environment.name}` is local, and the local AWS runs Python code but no container images",
            hint="name the framework (`--framework sklearn`), or import into an environment on AWS",
        )
    try:
        image_of(Chosen(image=uri), environment.platform.region)
    except InvalidValue as error:
        raise ConfigError(
            f"the image `{uri[:200]}` {error}", hint="push it to ECR in the region of the environment"
        ) from error
    return Container(uri, {})
