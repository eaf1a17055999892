"""Images of frameworks, of built-in algorithms, and own ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.config.images import TABLE, Chosen, image_of, packages_of, refused_packages
from orchestrator.config.problems import InvalidValue

REPO = Path(__file__).resolve().parents[4]
ROWS: dict[str, Any] = yaml.load(TABLE.read_text(encoding="utf-8"), yaml.BaseLoader)
OWN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/fraud/scorer:2027-01"


@pytest.mark.parametrize("name", ROWS["frameworks"])
@pytest.mark.parametrize("serving", [False, True])
def test_the_image_of_a_framework_is_described(name: str, serving: bool) -> None:
    image = image_of(Chosen(name), "eu-west-1", serving=serving)
    assert image.python is not None
    assert re.fullmatch(r"3\.\d+", image.python)
    assert image.glibc is not None
    assert re.fullmatch(r"2\.\d+", image.glibc)
    assert image.server <= image.holds.keys()
    assert image.uri is None, "the registry is Terraform's to find"
    tag = f"py{image.python.replace('.', '')}"
    assert tag in image.tag or "py3" in image.tag.split("-")


def test_training_and_serving_run_the_same_code() -> None:
    """One archive of code and wheels goes into both."""
    for name in ROWS["frameworks"]:
        training, serving = (image_of(Chosen(name), "eu-west-1", serving=each) for each in (False, True))
        assert (training.python, training.glibc, training.holds) == (serving.python, serving.glibc, serving.holds)


def test_frameworks_that_are_packages_run_in_the_image_of_scikit_learn() -> None:
    for name, packages in {"xgboost": ("xgboost-cpu==3.2.0",), "lightgbm": ("lightgbm==4.7.0",)}.items():
        assert image_of(Chosen(name), "eu-west-1") == image_of(Chosen("sklearn"), "eu-west-1")
        assert packages_of(Chosen(name)) == packages
    assert packages_of(Chosen("lightgbm", "4.5.0")) == ("lightgbm==4.5.0",)
    assert packages_of(Chosen("sklearn")) == packages_of(Chosen(algorithm="kmeans")) == ()
    assert packages_of(Chosen("pytorch")) == ("torch", "pyarrow==17.0.0")


def test_a_package_that_a_framework_replaces_is_refused_with_its_replacement() -> None:
    assert "xgboost-cpu" in refused_packages()["xgboost"]


def test_an_algorithm_has_its_repository() -> None:
    assert image_of(Chosen(algorithm="linear-learner"), "eu-west-1").name == "linear-learner:1"
    assert image_of(Chosen(algorithm="xgboost"), "eu-west-1").name == "sagemaker-xgboost:3.0-5"
    for name in ROWS["algorithms"]:
        assert image_of(Chosen(algorithm=name), "us-east-1").python is None, "no packages are chosen for it"


def test_an_own_image_is_its_uri() -> None:
    image = image_of(Chosen(image=OWN), "eu-west-1")
    assert (image.uri, image.name, image.python) == (OWN, "fraud/scorer:2027-01", None)
    digest = OWN.replace(":2027-01", "@sha256:" + "0" * 64)
    assert image_of(Chosen(image=digest), "eu-west-1").tag == "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("choice", "region", "rule"),
    [
        (Chosen("sklaern"), "eu-west-1", "is not a framework; available: sklearn, xgboost, lightgbm, pytorch"),
        (Chosen("sklearn", "1.0-1"), "eu-west-1", "is not a version of sklearn; available: 1.4-2"),
        (Chosen(algorithm="kmean"), "eu-west-1", "is not a built-in algorithm"),
        (Chosen(algorithm="lda"), "eu-north-1", "is not offered in eu-north-1"),
        (Chosen(image=OWN), "us-east-1", "must be in us-east-1"),
        (Chosen(image="docker.io/library/python:3"), "us-east-1", "must be an image in ECR"),
    ],
)
def test_what_does_not_exist_is_refused(choice: Chosen, region: str, rule: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(rule)):
        image_of(choice, region)


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(InvalidValue) as error:
        image_of(Chosen(algorithm="linear-lerner"), "eu-west-1")
    assert error.value.suggestion == "linear-learner"


def test_every_row_says_where_it_was_read() -> None:
    for name, row in ROWS["images"].items():
        assert row["page"].startswith("https://"), name
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["read"]), name
        assert row["assumed"], name


def test_the_jobs_environment_has_the_versions_of_the_image() -> None:
    """Locally, jobs run in it instead of the image."""
    lines = (REPO / "requirements" / "jobs.in").read_text(encoding="utf-8").splitlines()
    pins = dict(re.findall(r"^([a-z-]+)==([\d.]+)(?: ; python_version < .3\.13.)?$", "\n".join(lines), re.MULTILINE))
    holds = ROWS["images"]["sagemaker-scikit-learn:1.4-2-cpu-py3"]["holds"]
    for name in ("numpy", "pyarrow", "scikit-learn"):
        assert pins[name] == holds[name]
