"""Models of scikit-learn's own data sets, measured as the container does: a zip, started by the jobs' interpreter."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from orchestrator.packaging import SourcePackager
from tests.support.compute import tarred
from tests.support.studio import STUDIO

REPO = Path(__file__).resolve().parents[4]
Runner = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Studio:
    """Data sets with a good, a weak and an unfit model each, and what scikit-learn says of the good ones."""

    root: Path
    known: dict[str, float]
    program: Path
    run_job: Runner

    def run(self, data: str, candidate: str, champion: str | None = None, **given: Any) -> Evaluation:
        folder, output = self.root / data, given.pop("output")
        gate = {"metric": given.pop("metric"), "threshold": given.pop("threshold"), "above_champion": 0.0}
        live = folder / (champion or "good") / "model.tar.gz"
        environ = {
            "TRAINING_JOB": "job-2",
            "DATA_FINGERPRINT": "sha256:new",
            "LABELS_SHA256": hashlib.sha256((folder / "labels.jsonl").read_bytes()).hexdigest(),
        }
        if champion:
            environ |= {
                "CHAMPION_VERSION": "arn:aws:sagemaker:us-east-1:123456789012:model-package/any/7",
                "CHAMPION_SHA256": hashlib.sha256(live.read_bytes()).hexdigest(),
                "CHAMPION_DATA_FINGERPRINT": "sha256:new",
            }
        places = {
            "--spec": folder / "spec.json",
            "--rows": folder,
            "--labels": folder / "labels.jsonl",
            "--candidate": folder / candidate / "model.tar.gz",
            "--champion": live,
            "--code": given.pop("code", self.root / "code.tar.gz"),
            "--output": output / "report",
            "--message": output / "message",
        }
        options = [str(each) for pair in places.items() for each in pair]
        done = self.run_job(
            *(self.program, *options, "--group", "any", "--gate", json.dumps(gate | given.pop("gate", {}))),
            *given.pop("options"),
            **environ | given,
        )
        return Evaluation(done, output)


@dataclass(frozen=True)
class Evaluation:
    done: subprocess.CompletedProcess[str]
    output: Path

    def document(self, name: str) -> dict[str, Any]:
        assert self.done.returncode == 0, self.done.stdout + self.done.stderr
        document: dict[str, Any] = json.loads((self.output / "report" / f"{name}.json").read_text(encoding="utf-8"))
        return document

    @property
    def refusal(self) -> str:
        assert self.done.returncode == 1, self.done.stdout + self.done.stderr
        assert not (self.output / "report").exists(), "something was written"
        message = (self.output / "message").read_text(encoding="utf-8")
        assert self.done.stdout.rstrip().endswith(message), "the last line of the log is the reason"
        return message


@pytest.fixture(scope="module")
def studio(run_job: Runner, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    root = tmp_path_factory.mktemp("studio")
    script = root / "studio.py"
    script.write_text(STUDIO)
    done = run_job(script, str(root))
    assert done.returncode == 0, done.stderr
    program = SourcePackager(REPO).build(tmp_path_factory.mktemp("built"))["evaluation"].path
    return Studio(root, json.loads(done.stdout), program, run_job)


REGRESSION: dict[str, Any] = {"options": ("--task", "regression"), "metric": "rmse"}
CLASSES: dict[str, Any] = {"options": ("--task", "classification", "--slice", "half"), "metric": "f1"}
BINARY: dict[str, Any] = {"options": ("--task", "classification", "--positive", "malignant"), "metric": "f1"}


def test_the_first_version_of_a_regression_passes_by_its_threshold(studio: Studio, tmp_path: Path) -> None:
    done = studio.run("diabetes", "good", threshold=65, output=tmp_path, gate={"above_baseline": 10}, **REGRESSION)
    report, verdict = done.document("report"), done.document("verdict")
    assert report["metrics"]["rmse"] == pytest.approx(studio.known["rmse"], abs=1e-5)
    assert report["baseline"]["rmse"] == pytest.approx(studio.known["spread"], abs=1e-5)
    assert report["baseline"]["r2"] == 0.0
    assert (report["task"], report["rows"], report["champion"]) == ("regression", 133, None)
    assert len(report["rows_sha256"]) == 64
    assert (
        report["candidate_sha256"]
        == hashlib.sha256((studio.root / "diabetes/good/model.tar.gz").read_bytes()).hexdigest()
    )
    assert verdict["passed"] is True
    assert verdict["reason"].startswith(f"rmse {report['metrics']['rmse']:.6g} is better than the threshold 65")
    assert set(verdict["properties"]) == {"metric:rmse", "metric:mae", "metric:r2", "baseline:rmse"}
    assert [each["MetricName"] for each in verdict["metric_data"]] == ["rmse", "mae", "r2"]
    assert verdict["metric_data"][0]["Dimensions"] == [{"Name": "ModelPackageGroup", "Value": "any"}]
    picture = ElementTree.parse(tmp_path / "report" / "predictions.svg").getroot()
    assert len(picture.findall("{http://www.w3.org/2000/svg}circle")) == 133


def test_a_threshold_that_cannot_be_met_refuses_and_says_why(studio: Studio, tmp_path: Path) -> None:
    done = studio.run("cancer", "good", threshold=1.01, output=tmp_path, **BINARY)
    verdict = done.document("verdict")
    assert verdict["passed"] is False
    assert verdict["metrics"]["f1"] == pytest.approx(studio.known["cancer"], abs=1e-6)
    assert verdict["reason"] == f"f1 {verdict['metrics']['f1']:.6g} is worse than the threshold 1.01"
    assert (tmp_path / "message").read_text() == verdict["reason"]
    # Two labels: the score of one says the other's.
    assert 0 < verdict["metrics"]["log_loss"] < verdict["baseline"]["log_loss"]


def test_a_worse_candidate_is_refused_though_it_beats_the_threshold(studio: Studio, tmp_path: Path) -> None:
    done = studio.run("wine", "weak", "good", threshold=0.5, output=tmp_path, **CLASSES)
    report, verdict = done.document("report"), done.document("verdict")
    ours, live = report["metrics"]["f1"], report["champion"]["metrics"]["f1"]
    assert 0.5 < ours < live == pytest.approx(studio.known["wine"], abs=1e-6)
    assert verdict["passed"] is False
    assert verdict["reason"] == f"f1 {ours:.6g} is worse than the {live:.6g} of version 7, the live version"
    assert verdict["champion"]["version"].endswith("/7")


def test_a_better_candidate_of_three_classes_passes_with_all_that_a_report_shows(
    studio: Studio, tmp_path: Path
) -> None:
    done = studio.run(
        "wine", "good", "weak", threshold=0.5, output=tmp_path, CHAMPION_DATA_FINGERPRINT="sha256:old", **CLASSES
    )
    report = done.document("report")
    assert report["gate"]["passed"] is True
    assert "of version 7 (trained on other data), the live version" in report["gate"]["reasons"][0]
    confusion = report["confusion"]
    assert confusion["labels"] == ["class_0", "class_1", "class_2"]
    assert sum(map(sum, confusion["rows"])) == report["rows"] == 53
    assert sum(each["rows"] for each in report["calibration"]) == 53
    slices = report["slices"]["half"]
    assert sum(each["rows"] for each in slices.values()) == 53
    assert set(slices["upper"]["metrics"]) >= {"accuracy", "f1", "precision", "recall"}
    assert "log_loss" in report["metrics"]
    for name in ("confusion", "calibration"):
        ElementTree.parse(tmp_path / "report" / f"{name}.svg")


def test_a_live_version_that_does_not_know_the_columns_is_not_replaced_by_itself(
    studio: Studio, tmp_path: Path
) -> None:
    refused = studio.run("wine", "good", "unfit", threshold=0.5, output=tmp_path / "one", **CLASSES)
    verdict = refused.document("verdict")
    assert verdict["passed"] is False
    assert "version 7 cannot predict the test rows: KeyError: 'blood'" in verdict["reason"]
    assert verdict["champion"]["metrics"] is None
    passing = studio.run(
        *("wine", "good", "unfit"), threshold=0.5, output=tmp_path / "two", gate={"above_champion": None}, **CLASSES
    )
    assert passing.document("verdict")["passed"] is True


def test_a_custom_task_is_measured_by_the_user_s_function(studio: Studio, tmp_path: Path) -> None:
    done = studio.run(
        *("wine", "weak", "good"),
        threshold=0,
        output=tmp_path,
        metric="cost",
        options=("--task", "custom", "--slice", "half"),
        gate={"direction": "lower"},
    )
    report = done.document("report")
    assert report["metrics"]["rows"] == 53
    assert report["metrics"]["cost"] > report["champion"]["metrics"]["cost"]
    assert report["gate"]["passed"] is False
    assert report["baseline"] is None
    assert sum(each["metrics"]["rows"] for each in report["slices"]["half"].values()) == 53


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def evaluate(rows, outputs): return {'cost': rows[0]['none']}", "evaluate.py failed: KeyError: 'none'"),
        ("import nowhere", "evaluate.py failed: ModuleNotFoundError: No module named 'nowhere'"),
        ("", "evaluate.py has no function evaluate(rows, outputs)"),
        ("def evaluate(rows, outputs): return 1", "evaluate must return 1 to 30 metrics by name, got 1"),
        ("def evaluate(rows, outputs): return {'a cost': 1}", "'a cost' cannot be the name of a metric"),
        ("def evaluate(rows, outputs): return {'cost': float('nan')}", "metric 'cost' is not a number: nan"),
    ],
)
def test_a_function_that_measures_nothing_fails_with_a_sentence(
    studio: Studio, tmp_path: Path, source: str, message: str
) -> None:
    (tmp_path / "code.tar.gz").write_bytes(tarred({"evaluate.py": source}))
    done = studio.run(
        *("wine", "weak"),
        threshold=0,
        output=tmp_path,
        metric="cost",
        options=("--task", "custom"),
        code=tmp_path / "code.tar.gz",
    )
    assert message in done.refusal


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"candidate": "unfit"}, "the candidate cannot predict the test rows: KeyError: 'blood'"),
        ({"LABELS_SHA256": "0" * 64}, "labels changed since validation"),
        ({"champion": "good", "CHAMPION_SHA256": "0" * 64}, "the archive of version 7, the live version, has sha256"),
        ({"metric": "rmse"}, "the gate is about 'rmse', and the metrics are accuracy, f1, precision, recall, log_loss"),
        ({"options": ("--task", "classification", "--positive", "x")}, "no row of the test split has the label 'x'"),
        ({"options": ("--task", "classification", "--slice", "x")}, "there is no column 'x' in the test split"),
        ({"options": ("--task", "regression"), "metric": "rmse"}, "a label of a regression must be a number"),
    ],
    ids=["candidate", "labels", "champion", "metric", "positive", "slice", "task"],
)
def test_what_cannot_be_measured_fails_with_a_sentence(
    studio: Studio, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = (
        {"data": "wine", "candidate": "good", "threshold": 0.5, "output": tmp_path} | CLASSES | given
    )
    assert message in studio.run(**arguments).refusal
