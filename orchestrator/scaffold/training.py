"""The files of a training: its YAML, the model's code, and the code's test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.config import folder
from orchestrator.config.loader import load
from orchestrator.config.model.dataset import Dataset
from orchestrator.config.model.platform import Environment
from orchestrator.config.problems import nearest
from orchestrator.errors import ConfigError
from orchestrator.scaffold import golden
from orchestrator.scaffold.columns import LABELS, sample_rows
from orchestrator.scaffold.draft import Draft, file_of, require_name, validated
from orchestrator.scaffold.golden import Sample
from orchestrator.scaffold.kinds import kinds
from orchestrator.scaffold.templates import filled
from orchestrator.scaffold.yaml_text import flow

TASKS = ("classification", "regression", "custom")
FRAMEWORKS = ("sklearn", "xgboost", "lightgbm")
MOST_ROWS = 20_000
"""Rows of a sample that are read."""
CODE = ("train.py", "inference.py")
_LEARNERS = {
    "sklearn": {
        "classification": "from sklearn.linear_model import LogisticRegression",
        "regression": "from sklearn.linear_model import Ridge",
        "clusters": "from sklearn.cluster import KMeans",
    },
    "xgboost": {
        "classification": "from xgboost import XGBClassifier",
        "regression": "from xgboost import XGBRegressor",
    },
    "lightgbm": {
        "classification": "from lightgbm import LGBMClassifier",
        "regression": "from lightgbm import LGBMRegressor",
    },
}
_OPTIONS: dict[str, dict[str, float]] = {
    "linear": {"regularisation": 1.0},
    "clusters": {"clusters": 8, "seed": 1},
    "trees": {"trees": 200, "depth": 6, "learning-rate": 0.1, "seed": 1},
}
_METRICS = {
    "classification": ["validation:accuracy", "validation:f1"],
    "regression": ["validation:rmse"],
    "clusters": ["validation:distance"],
}
_CHECKS = {
    "classification": ('output["label"] in self.model["labels"]', '0 <= output["score"] <= 1'),
    "regression": ('isinstance(output["value"], float)',),
    "clusters": ('isinstance(output["cluster"], int)',),
}
_ANSWERS = {
    "classification": ("labels with their probabilities", '{"label", "score", "scores"}'),
    "regression": ("values", '{"value"}'),
    "clusters": ("numbers of clusters", '{"cluster", "distance"}'),
}


@dataclass(frozen=True)
class NewTraining:
    """What a command writes and reports.

    Attributes:
        columns: how the model reads each of them.
        left_out: columns that it does not read.
        existing: the folder of the code, if there was one, which is used as it is.
    """

    draft: Draft
    task: str
    columns: dict[str, str]
    left_out: tuple[str, ...]
    existing: Path | None


def compose(
    repo: Path, env: str, name: str, dataset: str, task: str | None = None, framework: str = "sklearn"
) -> NewTraining:
    """Compose the files of a training, and check the environment with it.

    Raises:
        ConfigError: the name or the task is not valid, or the environment is not.
    """
    require_name(name, "training")
    environment = load(repo, env)
    sample = sample_of(repo, dataset_of(environment, dataset))
    answer = answer_of(sample)
    task = task or (answer if answer != "clusters" else "custom")
    if task != "custom":
        answer = task
    if answer not in _LEARNERS[framework]:
        raise ConfigError(
            f"dataset `{dataset}` has no label, so that there is nothing for {framework} to predict",
            hint="name it in the dataset's file (`roles.label`), or use --framework sklearn",
        )
    columns, left_out = kinds(sample.dataset, sample.rows)
    text = _yaml(environment, name, sample, task, answer, framework, columns)
    validated(repo, env, folder.TRAININGS, name, text)
    draft = Draft({file_of(env, folder.TRAININGS, name): text})
    code = Path("jobs/models") / name
    existing = code if (repo / code).is_dir() and any((repo / code).iterdir()) else None
    if existing is None:
        draft.texts |= {code / path: content for path, content in _code(name, sample, task, answer, framework, columns)}
    elif missing := [each for each in CODE if not (repo / code / each).is_file()]:
        raise ConfigError(f"{code} exists and has no {missing[0]}", hint="add it, or choose another name")
    return NewTraining(draft, task, columns, tuple(left_out), existing)


def dataset_of(environment: Environment, name: str) -> Dataset:
    """Return a dataset of the environment. Raises `ConfigError` for another name."""
    known = {each.name: each for each in environment.datasets}
    if name in known:
        return known[name]
    near = nearest(name, known)
    guess = f"; did you mean `{near}`?" if near else ""
    raise ConfigError(
        f"`{environment.name}` has no dataset `{name[:60]}`{guess}; available: {', '.join(known) or 'none'}",
        hint="`orchestrator new dataset NAME --from FILE` writes one",
    )


def sample_of(repo: Path, dataset: Dataset) -> Sample:
    """Read rows of a dataset's sample, unless a transform makes other rows of them."""
    if dataset.sample is None or dataset.transform is not None or not (repo / dataset.sample).is_dir():
        return Sample(dataset, ())
    columns = [(column.name, column.type) for column in dataset.columns]
    rows = sample_rows(repo / dataset.sample, dataset.format, columns, MOST_ROWS)
    required = [column.name for column in dataset.columns if column.required]
    return Sample(dataset, tuple(row for row in rows if all(row[name] is not None for name in required)))


def answer_of(sample: Sample) -> str:
    """Return what a model of the dataset answers, by the type of the label and by its values."""
    label = next((each for each in sample.dataset.produced if each.name == sample.dataset.roles.label), None)
    if label is None:
        return "clusters"
    if label.type not in ("bigint", "double"):
        return "classification"
    values = set(sample.labels)
    few = 0 < len(values) <= LABELS and len(values) * 10 <= len(sample.labels)
    return "classification" if few and all(float(value).is_integer() for value in values) else "regression"


def _yaml(
    environment: Environment,
    name: str,
    sample: Sample,
    task: str,
    answer: str,
    framework: str,
    columns: dict[str, str],
) -> str:
    dataset = sample.dataset
    predicted = f"predicts {dataset.roles.label}" if dataset.roles.label else "groups rows"
    description = f"Model {name}: {predicted} of dataset {dataset.name}"
    return filled(
        "training.yaml.txt",
        name=name,
        env=environment.name,
        description=description,
        quoted_description=flow(description),
        dataset=dataset.name,
        task=task,
        framework=framework,
        hyperparameters=flow({key: f"{value:g}" for key, value in _options(framework, answer).items()}),
        metrics=flow(_METRICS[answer]),
        spot="false # true: half the price, but AWS may interrupt and restart it" if environment.is_local else "true",
        polling=f"poll_seconds: {1 if environment.is_local else 5}",
        gate=golden.gate(sample, task, answer),
        slice=flow(_coarsest(sample, columns)),
        golden=golden.cases(sample, answer, "  "),
    )


def _coarsest(sample: Sample, columns: dict[str, str]) -> str:
    """Return the column with the fewest different values, of those that have several."""
    counts = {name: len({str(row[name]) for row in sample.rows}) for name in columns}
    return min(columns, key=lambda name: counts[name] if counts[name] > 1 else len(sample.rows) + 1)


def _options(framework: str, answer: str) -> dict[str, float]:
    return _OPTIONS["trees" if framework != "sklearn" else "clusters" if answer == "clusters" else "linear"]


def _code(
    name: str, sample: Sample, task: str, answer: str, framework: str, columns: dict[str, str]
) -> list[tuple[str, str]]:
    label = json.dumps(sample.dataset.roles.label)
    files = [
        ("train.py", _train(name, sample, answer, framework, columns)),
        ("inference.py", _inference(name, answer, columns)),
        ("tests/test_inference.py", _test(name, answer, framework)),
        ("tests/rows.jsonl", _rows(sample, answer, columns)),
    ]
    if task == "custom":
        files.append(("evaluate.py", filled(f"tasks/{answer}.evaluate.txt", name=name, label=label)))
    return files


def _train(name: str, sample: Sample, answer: str, framework: str, columns: dict[str, str]) -> str:
    label = sample.dataset.roles.label
    linear = framework == "sklearn"
    scaled = 'make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())'
    functions = "row_of, table, text_of" if answer == "classification" else "row_of, table"
    metrics = {"classification": "accuracy_score, f1_score", "regression": "mean_squared_error"}.get(answer)
    used = [
        f"from inference import {functions}",
        "from sklearn.compose import ColumnTransformer",
        "from sklearn.feature_extraction.text import TfidfVectorizer",
        "from sklearn.pipeline import make_pipeline",
        f"from sklearn.preprocessing import OneHotEncoder{', StandardScaler' if linear else ''}",
        _LEARNERS[framework][answer],
        *(["from sklearn.impute import SimpleImputer"] if linear else []),
        *([f"from sklearn.metrics import {metrics}"] if metrics else []),
    ]
    plain = [*(["import numpy as np"] if answer == "classification" else []), "import pyarrow.parquet as pq"]
    options = [
        f'    parser.add_argument("--{key}", type={type(value).__name__}, default={value})'
        for key, value in _options(framework, answer).items()
    ]
    return filled(
        "train.py.txt",
        name=name,
        dataset=sample.dataset.name,
        imports="\n".join([*plain, *sorted(used)]),
        columns="\n".join(f"    {json.dumps(each)}: {json.dumps(kind)}," for each, kind in columns.items()),
        label_constant=f"LABEL = {json.dumps(label)}\n" if answer != "clusters" else "",
        fit=filled(f"tasks/{answer}.fit.txt").rstrip("\n"),
        metadata='        "labels": [str(label) for label in labels],\n' if answer == "classification" else "",
        options="\n".join(options),
        numbers=scaled if linear else '"passthrough"  # trees read missing values as they are',
        meaning="scaled" if linear else "as they are",
        estimator=filled(f"frameworks/{framework}-{answer}.txt").rstrip("\n"),
    )


def _inference(name: str, answer: str, columns: dict[str, str]) -> str:
    first, kind = next(iter(columns.items()))
    value = {"number": "1.5", "time": '"2026-01-31"'}.get(kind, '"…"')
    alone = len(columns) == 1
    what, output = _ANSWERS[answer]
    return filled(
        "inference.py.txt",
        name=name,
        answers=what,
        answer=output,
        row=f"{{{json.dumps(first)}: {value}{'' if alone else ', …'}}}",
        bare=f"\nThe value of the only column is enough: {value} is {{{json.dumps(first)}: {value}}}." if alone else "",
        answered=filled(f"tasks/{answer}.answered.txt").rstrip("\n"),
    )


def _test(name: str, answer: str, framework: str) -> str:
    libraries = ["joblib", "pandas", "pyarrow", "sklearn", *([framework] if framework != "sklearn" else [])]
    return filled(
        "test_inference.py.txt",
        name=name,
        libraries=", ".join(map(json.dumps, libraries)),
        checks="\n".join(f"            assert {check}" for check in _CHECKS[answer]),
    )


def _rows(sample: Sample, answer: str, columns: dict[str, str]) -> str:
    label = sample.dataset.roles.label
    kept = [*columns, *([label] if label else [])]
    rows: list[dict[str, Any]] = sample.tested(spread=answer == "classification")
    return "".join(json.dumps({name: row.get(name) for name in kept}, ensure_ascii=False) + "\n" for row in rows)
