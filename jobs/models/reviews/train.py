"""Training of the review sentiment model, SageMaker script mode (scikit-learn container, Python 3.10).

The container calls this file with the job's hyperparameters as options and says in SM_* variables where
data is and where results go. Features are TF-IDF weights of words and word pairs. The classifier is the
mean of several logistic regressions, each fitted on a subset that the seed draws: another seed is another
model. A linear model's mean is a linear model, so what is saved is one plain scikit-learn pipeline.

On spot capacity the job may be stopped at any time; every fitted member is kept in the checkpoint folder
and found again by the next attempt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import Pipeline

LABELS = ("negative", "positive")
CHECKPOINTS = "/opt/ml/checkpoints"  # SageMaker syncs this folder with the job's CheckpointConfig


class TrainingError(Exception):
    """The job cannot produce a model; the message says why."""


@dataclass(frozen=True)
class Hyperparameters:
    seed: int
    c: float
    max_features: int
    members: int
    subset: float


@dataclass(frozen=True)
class Split:
    """One channel's rows, column by column."""

    ids: list[str]
    texts: list[str]
    labels: list[str]


# ---- data -----------------------------------------------------------------------------------------------


def load_split(folder: Path) -> Split:
    """Load the rows of every Parquet file of a channel, in file and row order."""
    files = sorted(folder.glob("**/*.parquet"))
    if not files:
        raise TrainingError(f"channel folder {folder} holds no Parquet file")
    # One file at a time: reading the folder as a dataset would turn `split=train` in a path into a column.
    columns = ["review_id", "text", "label"]
    table = pa.concat_tables([pq.ParquetFile(path).read(columns=columns) for path in files])
    split = Split(*(table.column(name).to_pylist() for name in columns))
    unknown = set(split.labels) - set(LABELS)
    if unknown:
        raise TrainingError(f"channel folder {folder} has labels other than {LABELS}: {sorted(unknown)}")
    return split


def digest_of(split: Split) -> str:
    """Hash what a checkpoint must have been fitted on to be resumed."""
    digest = hashlib.sha256()
    for row in zip(split.ids, split.labels, split.texts, strict=True):
        digest.update(json.dumps(row).encode())
    return "sha256:" + digest.hexdigest()


# ---- model ----------------------------------------------------------------------------------------------


def fit_member(features: Any, labels: np.ndarray, settings: Hyperparameters, index: int) -> np.ndarray:
    """Fit weights and intercept of one logistic regression on the subset that (seed, index) draws."""
    generator = np.random.default_rng([settings.seed, index])
    size = max(2, int(len(labels) * settings.subset))
    rows = np.sort(generator.choice(len(labels), size=size, replace=False))
    if len(set(labels[rows])) < 2:
        raise TrainingError("a training subset holds one label only; there is nothing to learn")
    member = LogisticRegression(C=settings.c, solver="liblinear", max_iter=1000)
    member.fit(features[rows], labels[rows])
    return np.append(member.coef_[0], member.intercept_[0])


class Checkpoints:
    """Fitted members on disk, named by what they depend on."""

    def __init__(self, folder: Path, settings: Hyperparameters, data_digest: str) -> None:
        key = json.dumps([asdict(settings), data_digest, sklearn.__version__], sort_keys=True)
        self._stem = hashlib.sha256(key.encode()).hexdigest()[:16]
        # The folder exists only in jobs that were given a CheckpointConfig.
        self._folder = folder if folder.is_dir() else None

    def load(self, index: int) -> np.ndarray | None:
        path = self._path(index)
        return np.load(path) if path and path.exists() else None

    def save(self, index: int, weights: np.ndarray) -> None:
        path = self._path(index)
        if path:
            partial = path.with_suffix(".partial")
            with partial.open("wb") as sink:
                np.save(sink, weights)
            partial.replace(path)

    def _path(self, index: int) -> Path | None:
        return self._folder / f"member-{self._stem}-{index}.npy" if self._folder else None


def fit(train: Split, settings: Hyperparameters, checkpoints: Checkpoints) -> Pipeline:
    """Fit the pipeline text → probability."""
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=settings.max_features, strip_accents="unicode"
    )
    features = vectorizer.fit_transform(train.texts)
    labels = np.array(train.labels)
    weights = []
    for index in range(settings.members):
        member = checkpoints.load(index)
        if member is None:
            member = fit_member(features, labels, settings, index)
            checkpoints.save(index, member)
        weights.append(member)
    mean = np.mean(weights, axis=0)
    classifier = LogisticRegression(C=settings.c, solver="liblinear")
    classifier.classes_ = np.array(LABELS)
    classifier.coef_, classifier.intercept_ = mean[None, :-1], mean[-1:]
    return Pipeline([("tfidf", vectorizer), ("classifier", classifier)])


def measure(model: Pipeline, split: Split) -> dict[str, float]:
    guess = model.predict(split.texts)
    return {
        "accuracy": round(float(accuracy_score(split.labels, guess)), 6),
        "f1": round(float(f1_score(split.labels, guess, pos_label="positive", zero_division=0)), 6),
    }


# ---- the container's contract ---------------------------------------------------------------------------


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    environ = os.environ
    parser = argparse.ArgumentParser(description="train the review sentiment model", allow_abbrev=False)
    parser.add_argument("--seed", type=int, default=42)
    # The container passes a hyperparameter of one letter with one hyphen.
    parser.add_argument("-c", "--c", type=float, default=4.0, help="inverse strength of regularisation")
    parser.add_argument("--max-features", type=int, default=30000)
    parser.add_argument("--members", type=int, default=5, help="logistic regressions that are averaged")
    parser.add_argument("--subset", type=float, default=0.7, help="share of the rows that each one sees")
    parser.add_argument("--data-fingerprint", default="", help="identity of the raw data, from the ETL report")
    parser.add_argument("--training-job", default=environ.get("TRAINING_JOB_NAME", "local"))
    for option, variable in (
        ("--train", "SM_CHANNEL_TRAIN"),
        ("--validation", "SM_CHANNEL_VALIDATION"),
        ("--model-dir", "SM_MODEL_DIR"),
    ):
        given = environ.get(variable)
        parser.add_argument(option, type=Path, default=given, required=given is None, help=f"${variable}")
    parser.add_argument("--checkpoint-dir", type=Path, default=environ.get("SM_CHECKPOINT_DIR", CHECKPOINTS))
    return parser.parse_args(argv)


def save_model(folder: Path, model: Pipeline, metadata: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2, sort_keys=True))


def main(argv: list[str]) -> None:
    arguments = parse_arguments(argv)
    settings = Hyperparameters(arguments.seed, arguments.c, arguments.max_features, arguments.members, arguments.subset)
    train, validation = load_split(arguments.train), load_split(arguments.validation)
    train_digest = digest_of(train)
    model = fit(train, settings, Checkpoints(arguments.checkpoint_dir, settings, train_digest))
    metrics = measure(model, validation)
    # The job's metric definitions read this line from the log.
    print(" ".join(f"validation:{name}={value:.4f};" for name, value in metrics.items()))
    metadata = {
        "training_job": arguments.training_job,
        "data_fingerprint": arguments.data_fingerprint or train_digest,
        "seed": settings.seed,
        "hyperparameters": asdict(settings),
        "rows": {"train": len(train.ids), "validation": len(validation.ids)},
        "metrics": {"validation": metrics},
        "scikit_learn": sklearn.__version__,
    }
    save_model(arguments.model_dir, model, metadata)


if __name__ == "__main__":
    main(sys.argv[1:])
