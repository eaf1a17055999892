"""The files of a training: valid as they stand, with code that learns from the dataset's columns."""

from __future__ import annotations

import ast
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import load
from orchestrator.config.model.training import TrainingJob
from orchestrator.errors import ConfigError
from orchestrator.scaffold import dataset as datasets
from orchestrator.scaffold import training as scaffold
from tests.support.process import JOBS_PYTHON, ROOT

File = Callable[[str, str | bytes], Path]
CODE = ["inference.py", "tests/rows.jsonl", "tests/test_inference.py", "train.py"]


def houses() -> str:
    """Write a table with all kinds of columns, and with missing values."""
    chance = random.Random(3)
    lines = ["House ID;Area;Rooms;City;Built;Sold at;Garden;Remarks;ZIP;Class"]
    for number in range(120):
        area, city = round(chance.uniform(30, 200), 1), chance.choice(["Köln", "Bonn", ""])
        lines.append(
            f"h{number};{'NA' if number % 17 == 0 else area};{chance.randint(1, 4)};{city};"
            f"19{chance.randint(10, 99)}-01-11;2026-01-{chance.randint(10, 28)}T12:00:00Z;"
            f"{chance.choice(['true', 'false'])};a house with {chance.choice(['garden', 'lift'])} by the river;"
            f"0{number + 1000};{'dear' if area > 110 else 'cheap'}"
        )
    return "\n".join(lines) + "\n"


def texts() -> str:
    words = (("terrible", "bad"), ("wonderful", "good"))
    return "".join(f"what a {words[n % 2][0]} thing number {n}\t{words[n % 2][1]}\n" for n in range(60))


def unlabelled() -> str:
    rows = (
        {"user_id": n, "x": (n % 3) * 10 + n / 100, "note": None if n % 2 else f"a long text {n}"} for n in range(60)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def add_dataset(repo: Path, name: str, source: Path, **given: Any) -> None:
    datasets.compose(repo, "local", name, source, **given).draft.write(repo)


def written(repo: Path, name: str, *given: Any, env: str = "local") -> TrainingJob:
    scaffold.compose(repo, env, name, *given).draft.write(repo)
    return next(each for each in load(repo, env).trainings if each.name == name)


def files_of(repo: Path, name: str) -> list[str]:
    folder = repo / "jobs/models" / name
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def run(repo: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        [str(JOBS_PYTHON), *command], cwd=repo, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "task", "metric", "threshold", "labels"),
    [
        ("diabetes.csv", "regression", "rmse", 77.1, None),
        ("iris.csv", "classification", "f1", 0.17, ["setosa", "versicolor", "virginica"]),
        ("wine.csv", "classification", "f1", 0.2, ["0", "1", "2"]),
        ("cancer.jsonl", "classification", "f1", 0.39, ["0", "1"]),
        ("digits.parquet", "classification", "f1", 0.02, [str(n) for n in range(10)]),
    ],
)
def test_real_data_has_a_valid_training(
    repo: Path, real: Path, source: str, task: str, metric: str, threshold: float, labels: list[str] | None
) -> None:
    add_dataset(repo, "mine", real / source)
    training = written(repo, "model", "mine")
    assert (training.task, training.gate.metric, training.gate.threshold) == (task, metric, threshold)
    assert (training.gate.above_baseline, training.gate.above_champion) == (0, 0)
    assert (training.code, training.spot, files_of(repo, "model")) == ("jobs/models/model", False, CODE)
    [dataset] = load(repo, "local").datasets
    for case in training.golden:
        assert isinstance(case.input, dict)
        assert list(case.input) == list(dataset.features)
        if labels is None:
            assert (case.value is not None, case.tolerance) == (True, 232)
        else:
            assert case.schema_ is not None
            assert case.schema_["properties"]["label"]["enum"] == labels


def test_cases_are_of_different_labels(repo: Path, real: Path) -> None:
    add_dataset(repo, "iris", real / "iris.csv")
    made = scaffold.compose(repo, "local", "iris", "iris")
    text = made.draft.texts[Path("terraform/envs/local/trainings/iris.yaml")]
    assert [line.split("label: ")[1].split()[0] for line in text.splitlines() if "# label:" in line] == [
        *("setosa", "versicolor", "virginica")
    ]


@pytest.mark.parametrize(
    ("name", "content", "task", "framework", "extra"),
    [
        ("houses.csv", houses(), None, "sklearn", []),
        ("houses.csv", houses(), None, "xgboost", []),
        ("houses.csv", houses(), "custom", "lightgbm", ["evaluate.py"]),
        ("texts.tsv", texts(), None, "sklearn", []),
        ("unlabelled.jsonl", unlabelled(), None, "sklearn", ["evaluate.py"]),
    ],
)
def test_the_code_is_clean_python_310(
    repo: Path, file: File, name: str, content: str, task: str | None, framework: str, extra: list[str]
) -> None:
    add_dataset(repo, "mine", file(name, content))
    training = written(repo, "model", "mine", task, framework)
    assert (training.framework.name, files_of(repo, "model")) == (framework, sorted([*CODE, *extra]))
    for path in (repo / "jobs").rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
    shutil.copy(ROOT / "pyproject.toml", repo)
    shutil.copy(ROOT / "jobs" / "ruff.toml", repo / "jobs")
    for check in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [str(ROOT / ".venv/bin/ruff"), *check, "--no-cache", "jobs"], cwd=repo, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "content", "given"),
    [
        ("houses.csv", houses(), {}),
        pytest.param("texts.tsv", texts(), {}, marks=pytest.mark.full),
        pytest.param("houses.csv", houses(), {"label": "area"}, marks=pytest.mark.full),
        pytest.param("unlabelled.jsonl", unlabelled(), {"label": None}, marks=pytest.mark.full),
    ],
)
def test_the_generated_test_passes(repo: Path, file: File, name: str, content: str, given: dict[str, Any]) -> None:
    if not JOBS_PYTHON.exists():
        pytest.skip("the environment of the jobs is not installed")
    add_dataset(repo, "mine", file(name, content), **given)
    written(repo, "model", "mine", "custom" if name == "unlabelled.jsonl" else None)
    printed = run(repo, "-m", "unittest", "discover", "-s", "jobs/models/model/tests")
    assert "Ran 4 tests" in printed
    assert "skipped" not in printed


SPLIT = """
import sys, pathlib, pandas as pd
rows = pd.read_csv(sys.argv[1])
rows.columns = sys.argv[3:]
for split, part in (("train", rows[rows.index % 5 != 0]), ("validation", rows[rows.index % 5 == 0])):
    folder = pathlib.Path(sys.argv[2], f"split={split}")
    folder.mkdir(parents=True)
    part.to_parquet(folder / "part.parquet", index=False)
part.to_json(pathlib.Path(sys.argv[2], "rows.jsonl"), orient="records", lines=True)
"""


def answers(repo: Path, source: Path, scratch: Path, columns: Sequence[str]) -> list[tuple[dict[str, Any], Any]]:
    """Train the generated code on four fifths of a file, and let the evaluation's program ask it about the rest."""
    run(repo, "-c", SPLIT, str(source), str(scratch), *columns)
    printed = run(
        repo, "jobs/models/model/train.py", "--regularisation", "0.1", "--training-job", "job-1",
        SM_CHANNEL_TRAIN=str(scratch / "split=train"),
        SM_CHANNEL_VALIDATION=str(scratch / "split=validation"),
        SM_MODEL_DIR=str(scratch / "model"),
    )  # fmt: skip
    assert "validation:" in printed
    (scratch / "model/code").mkdir()
    shutil.copy(repo / "jobs/models/model/inference.py", scratch / "model/code")
    rows = [json.loads(line) for line in (scratch / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    (scratch / "inputs").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    paths = [str(scratch / name) for name in ("model", "inputs", "outputs")]
    run(repo, "-m", "evaluation.predict", *paths, PYTHONPATH=str(ROOT / "jobs/evaluation"))
    outputs = [json.loads(line) for line in (scratch / "outputs").read_text(encoding="utf-8").splitlines()]
    return list(zip(rows, outputs, strict=True))


def test_a_classification_learns(repo: Path, real: Path, tmp_path: Path) -> None:
    add_dataset(repo, "iris", real / "iris.csv")
    written(repo, "model", "iris")
    [dataset] = load(repo, "local").datasets
    pairs = answers(repo, real / "iris.csv", tmp_path / "scratch", [column.name for column in dataset.columns])
    assert sum(row["species"] == output["label"] for row, output in pairs) >= 0.9 * len(pairs) == 27
    assert all(output["scores"][output["label"]] == output["score"] for _, output in pairs)


@pytest.mark.full
def test_a_regression_learns(repo: Path, real: Path, tmp_path: Path) -> None:
    add_dataset(repo, "diabetes", real / "diabetes.csv")
    training = written(repo, "model", "diabetes")
    [dataset] = load(repo, "local").datasets
    pairs = answers(repo, real / "diabetes.csv", tmp_path / "scratch", [column.name for column in dataset.columns])
    squares = [(row["progression"] - output["value"]) ** 2 for row, output in pairs]
    assert (sum(squares) / len(squares)) ** 0.5 < 0.8 * training.gate.threshold


def test_columns_are_read_by_their_kind(repo: Path, file: File) -> None:
    add_dataset(repo, "mine", file("houses.csv", houses()))
    made = scaffold.compose(repo, "local", "model", "mine")
    assert made.columns == {
        "area": "number",
        "rooms": "number",
        "city": "category",
        "built": "time",
        "sold_at": "time",
        "garden": "category",
        "remarks": "text",
    }
    assert made.left_out == ("zip",)


def test_a_dataset_without_sample_has_examples(repo: Path, file: File) -> None:
    add_dataset(repo, "mine", file("houses.csv", houses()))
    shutil.rmtree(repo / "jobs/datasets/mine")
    training = written(repo, "model", "mine")
    [case] = training.golden
    assert isinstance(case.input, dict)
    assert set(case.input) >= {"area", "city", "built"}
    assert case.schema_ == {
        "type": "object",
        "required": ["label", "score"],
        "properties": {"label": {"type": "string"}},
    }


def test_without_a_label_only_a_custom_task_is_possible(repo: Path, file: File) -> None:
    add_dataset(repo, "mine", file("unlabelled.jsonl", unlabelled()), label=None)
    path = repo / "terraform/envs/local/datasets/mine.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  label: x", "  # label: x"), encoding="utf-8")
    assert scaffold.compose(repo, "local", "model", "mine").task == "custom"
    with pytest.raises(ConfigError, match=r"requires `roles\.label` of dataset `mine`"):
        scaffold.compose(repo, "local", "model", "mine", "classification")
    with pytest.raises(
        ConfigError, match="dataset `mine` has no label, so that there is nothing for xgboost to predict"
    ):
        scaffold.compose(repo, "local", "model", "mine", "custom", "xgboost")


def test_existing_code_is_used_as_it_is(repo: Path, real: Path) -> None:
    add_dataset(repo, "iris", real / "iris.csv")
    code = repo / "jobs/models/iris"
    code.mkdir(parents=True)
    (code / "train.py").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"jobs/models/iris exists and has no inference\.py"):
        scaffold.compose(repo, "local", "iris", "iris")
    (code / "inference.py").write_text("mine", encoding="utf-8")
    made = scaffold.compose(repo, "local", "iris", "iris")
    assert (made.existing, list(made.draft.texts)) == (
        Path("jobs/models/iris"),
        [Path("terraform/envs/local/trainings/iris.yaml")],
    )


def test_an_unknown_dataset_is_refused(repo: Path, real: Path) -> None:
    add_dataset(repo, "iris", real / "iris.csv")
    with pytest.raises(ConfigError, match=r"no dataset `irs`; did you mean `iris`\?; available: iris"):
        scaffold.compose(repo, "local", "model", "irs")


def test_a_name_of_the_platforms_own_group_is_refused(repo: Path, real: Path) -> None:
    add_dataset(repo, "iris", real / "iris.csv")
    with pytest.raises(ConfigError, match="is taken by the platform's own"):
        scaffold.compose(repo, "local", "reviews", "iris")
