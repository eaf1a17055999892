"""Read the files to compare: the ETL's labels and the training job's predictions. Pure."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable

from inference_common.json_input import loads
from model_evaluation.metrics import EvaluationError

PREDICTIONS = "predictions.jsonl"


def column_by_id(lines: Iterable[bytes], column: str, what: str) -> dict[str, str]:
    """Return one column of a JSON Lines file by `id`."""
    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = loads(line)
            identity, value = row["id"], row[column]
        except (ValueError, KeyError, TypeError):
            raise EvaluationError(f"{what}: line {number} has no 'id' and '{column}'") from None
        if identity in values:
            raise EvaluationError(f"{what}: id '{identity}' occurs twice")
        values[identity] = value
    return values


def read_labels(body: bytes, expected_sha256: str) -> dict[str, str]:
    """Return the true labels by id. They must be unchanged since data validation."""
    actual = hashlib.sha256(body).hexdigest()
    if actual != expected_sha256:
        raise EvaluationError(f"labels changed since validation: sha256 {actual}, expected {expected_sha256}")
    return column_by_id(body.split(b"\n"), "label", "labels")


def read_predictions(archive: bytes) -> dict[str, str]:
    """Return the predicted labels by id from output.tar.gz, ignoring its metrics.json."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                if member.isfile() and member.name.removeprefix("./") == PREDICTIONS:
                    stream = tar.extractfile(member)
                    assert stream is not None  # a regular file always has one
                    return column_by_id(stream, "predicted", PREDICTIONS)
    except tarfile.TarError as error:
        raise EvaluationError(f"training output is not a tar.gz archive: {error}") from error
    raise EvaluationError(f"training output holds no {PREDICTIONS}")
