"""The real reviews through the real scripts: ETL against S3, training, serving, and predictions of the test split."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from evaluation import rows
from moto.server import ThreadedMotoServer

from data_validation import rules

REPO = Path(__file__).resolve().parents[3]
MODEL = REPO / "jobs" / "models" / "reviews"
TRAINING = REPO / "jobs" / "training"
DATASET = REPO / ".cache" / "datasets" / "reviews"
BUCKET = "reference-data"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
RunJob = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Etl:
    report: dict[str, Any]
    features: Path


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    server.stop()


@pytest.fixture(scope="module")
def etl(s3: Any, run_job: RunJob, tmp_path_factory: pytest.TempPathFactory) -> Etl:
    files = sorted(DATASET.glob("source=*/*.txt"))
    if len(files) != 2:
        pytest.fail(f"the review data is not in {DATASET}: `make setup` fetches it")
    for file in files:
        s3.upload_file(str(file), BUCKET, f"data/raw/reviews/{file.parent.name}/{file.name}")
    s3.upload_file(str(REPO / "jobs/datasets/reviews/spec.json"), BUCKET, "artifacts/spec.json")
    arguments = ("--bucket", BUCKET, "--bucket_owner", "123456789012", "--run_id", "ref", "--library-set", "analytics")
    environ = {"AWS_ENDPOINT_URL": s3.meta.endpoint_url, "PYTHONPATH": str(REPO / "jobs/datasets/reviews"), **KEYS}
    done = run_job(REPO / "jobs" / "etl" / "main.py", *arguments, "--spec", "artifacts/spec.json", **environ)
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("etl")
    for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="data/features/")["Contents"]:
        target = folder / item["Key"]
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(BUCKET, item["Key"], str(target))
    report = s3.get_object(Bucket=BUCKET, Key="data/processed/_reports/reviews/ref.json")["Body"].read()
    return Etl(json.loads(report), folder / "data" / "features")


@pytest.fixture(scope="module")
def train(etl: Etl, run_job: RunJob, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Runs a training job and returns its folder (model/, log)."""

    def run(seed: str, **environ: str) -> Path:
        folder = tmp_path_factory.mktemp("training")
        for path in (MODEL / "train.py", MODEL / "inference.py", TRAINING / "run_training.py"):
            shutil.copy(path, folder)
        channels = {
            f"SM_CHANNEL_{s.upper()}": str(etl.features / "reviews" / f"split={s}") for s in ("train", "validation")
        }
        # As the container passes them: one letter, one hyphen.
        arguments = ("-c", "4.0", "--max-features", "30000", "--seed", seed, "--data-fingerprint", "sha256:f")
        done = run_job(
            folder / "run_training.py",
            *arguments,
            SM_MODEL_DIR=str(folder / "model"),
            TRAINING_JOB_NAME=f"job-{seed}",
            **channels,
            **environ,
        )
        assert done.returncode == 0, done.stderr
        (folder / "log").write_text(done.stdout)
        return folder

    return run


@pytest.fixture(scope="module")
def trained(train: Callable[..., Path]) -> Path:
    return train("42")


@dataclass(frozen=True)
class Again:
    folder: Path
    checkpoints: Path


@pytest.fixture(scope="module")
def again(train: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Again:
    """The same seed once more, and this time what is finished is written down."""
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    return Again(train("42", SM_CHECKPOINT_DIR=str(checkpoints)), checkpoints)


def test_the_facts_of_the_data(etl: Etl) -> None:
    zero = {"amazon": 98, "movie": 37}
    total = {"amazon": 3708, "movie": 10605}
    for source, facts in etl.report["sources"].items():
        assert facts["in"] == total[source]
        assert facts["left_out"] == zero[source]
        assert facts["quarantined"] == 0
    assert etl.report["counts"] == {"in": 14313, "processed": 14178, "left_out": 135, "quarantined": 0}


def test_every_output_that_the_report_names_is_in_the_bucket(etl: Etl, s3: Any) -> None:
    named = [output for outputs in etl.report["outputs"].values() for output in outputs]
    assert len(named) == 7
    for output in named:
        assert s3.head_object(Bucket=BUCKET, Key=output["key"])["ContentLength"] == output["bytes"]


def test_data_validation_accepts_it(etl: Etl, s3: Any) -> None:
    groups = json.loads(s3.get_object(Bucket=BUCKET, Key=etl.report["outputs"]["groups"][0]["key"])["Body"].read())
    listing = s3.list_objects_v2(Bucket=BUCKET, Prefix="data/features/")["Contents"]
    stored = {item["Key"]: item["Size"] for item in listing}
    spec = {**etl.report["spec"], "max_quarantine_share": 0.0}
    assert rules.broken_rules(rules.Facts(etl.report, groups, stored, spec, "classification")) == []


@pytest.fixture(scope="module")
def predict(etl: Etl, run_job: RunJob) -> Callable[[Path], list[dict[str, Any]]]:
    """Returns a model's answers to the test split, as the evaluation requests them."""
    roles = rows.Roles("review_id", "label", ("text",))
    test = rows.read(etl.features / "reviews" / "split=test", roles)
    rows.check_labels(test, roles, *validated(etl))

    def answers(folder: Path) -> list[dict[str, Any]]:
        inputs, outputs = folder / "inputs.jsonl", folder / "outputs.jsonl"
        inputs.write_text("".join(json.dumps(text) + "\n" for text in test.inputs))
        program = REPO / "jobs" / "evaluation" / "evaluation" / "predict.py"
        done = run_job(program, str(folder / "model"), str(inputs), str(outputs))
        assert done.returncode == 0, done.stderr
        return [
            {"truth": label, **json.loads(line)}
            for label, line in zip(test.labels or [], outputs.read_text().splitlines(), strict=True)
        ]

    return answers


Predict = Callable[[Path], list[dict[str, Any]]]


def validated(etl: Etl) -> tuple[bytes, str]:
    body = (etl.features / "labels" / "reviews" / "test.jsonl").read_bytes()
    return body, etl.report["outputs"]["labels"][0]["sha256"]


def test_accuracy_is_well_above_the_baseline(predict: Predict, trained: Path) -> None:
    answers = predict(trained)
    accuracy = sum(each["label"] == each["truth"] for each in answers) / len(answers)
    positive = sum(each["truth"] == "positive" for each in answers) / len(answers)
    assert accuracy > max(positive, 1 - positive) + 0.20
    measured = json.loads((trained / "model" / "metadata.json").read_text())["metrics"]["validation"]["accuracy"]
    assert f"validation:accuracy={measured:.4f};" in (trained / "log").read_text()
    assert abs(measured - accuracy) < 0.05


@pytest.mark.full
def test_the_same_seed_is_the_same_model_and_another_is_another(
    train: Callable[..., Path], predict: Predict, trained: Path, again: Again
) -> None:
    assert predict(again.folder) == predict(trained)
    scores = [[each["score"] for each in predict(folder)] for folder in (trained, train("43"))]
    differing = sum(one != other for one, other in zip(*scores, strict=True))
    assert differing > len(scores[0]) / 2


@pytest.mark.full
def test_a_stopped_job_goes_on_where_it_was(
    train: Callable[..., Path], predict: Predict, trained: Path, again: Again
) -> None:
    checkpoints = again.checkpoints
    members = sorted(checkpoints.glob("member-*.npy"))
    assert len(members) == 5
    members[2].unlink()
    kept = {path: path.stat().st_mtime_ns for path in checkpoints.glob("*.npy")}
    resumed = train("42", SM_CHECKPOINT_DIR=str(checkpoints))
    assert predict(resumed) == predict(trained)
    assert members[2].exists()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


SERVE = """
import json, sys
sys.path.insert(0, sys.argv[1] + "/code")
import inference
model = inference.model_fn(sys.argv[1])
texts = inference.input_fn(sys.argv[2], "application/json")
print(inference.output_fn(inference.predict_fn(texts, model), "application/json")[0])
"""


def test_the_artifact_serves_itself(trained: Path, run_job: RunJob, tmp_path: Path) -> None:
    script = tmp_path / "serve.py"
    script.write_text(SERVE)
    texts = [
        "Excellent! I love it, works perfectly and the quality is wonderful.",
        "Terrible and boring, a complete waste of money.",
    ]
    done = run_job(script, str(trained / "model"), json.dumps({"inputs": texts}))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [o["label"] for o in answer["outputs"]] == ["positive", "negative"]
    assert all(0.5 <= o["score"] <= 1 for o in answer["outputs"])
    assert answer["model"] == {"training_job": "job-42", "data_fingerprint": "sha256:f", "seed": 42}


def test_a_channel_without_data_fails_with_a_sentence(run_job: RunJob, tmp_path: Path) -> None:
    environ = {f"SM_CHANNEL_{s}": str(tmp_path) for s in ("TRAIN", "VALIDATION")}
    environ |= {"SM_MODEL_DIR": str(tmp_path / "m")}
    done = run_job(MODEL / "train.py", **environ)
    assert done.returncode != 0
    assert "holds no Parquet file" in done.stderr
