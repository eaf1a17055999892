"""Models answer with the packages that their own archives carry."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from evaluation.errors import ModelError
from evaluation.models import Model, Prediction

from tests.support.wheels import write_wheel
from tests.unit.jobs.conftest import JOBS

SERVE = """
import json
import booster

def model_fn(folder): return booster.VERSION
def input_fn(body, content_type): return json.loads(body)["inputs"]
def predict_fn(inputs, model): return [{"label": f"{model}: {text}"} for text in inputs]
def output_fn(prediction, accept): return json.dumps({"outputs": prediction}), accept
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Prediction]:
    monkeypatch.setattr(sys, "path", [str(JOBS / "evaluation"), *sys.path])
    inputs = tmp_path / "inputs.jsonl"
    inputs.write_text('"good"\n"bad"\n')

    def start(version: str, pinned: str) -> Prediction:
        folder = tmp_path / f"model {version}"
        write_wheel(folder / "code" / "wheels", "booster", version, requires=["numpy"])
        (folder / "code" / "inference.py").write_text(SERVE)
        (folder / "code" / "requirements.txt").write_text(f"--no-index\n--find-links wheels\nbooster=={pinned}\n")
        return Prediction(Model(f"version {version}", folder, ""), inputs)

    return start


def test_two_models_have_different_packages_side_by_side(model: Callable[..., Prediction]) -> None:
    both = [model("1.0", "1.0"), model("2.0", "2.0")]
    assert [json.dumps(each.outputs()) for each in both] == [
        json.dumps([{"label": f"{version}: {text}"} for text in ("good", "bad")]) for version in ("1.0", "2.0")
    ]


def test_a_package_that_the_archive_lacks_is_named(model: Callable[..., Prediction]) -> None:
    """It fails no job before its outputs are needed: those of the live version may be missing."""
    prediction = model("1.0", "3.0")
    with pytest.raises(ModelError, match=r"the packages of version 1\.0 cannot be installed: .*booster==3\.0"):
        prediction.outputs()
