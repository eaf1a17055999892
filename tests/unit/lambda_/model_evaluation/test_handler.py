"""Metrics are computed from predictions and labels; what the training job reports is ignored."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any

import pytest

from model_evaluation import files

POS, NEG = "positive", "negative"
TRUTH = {"1": POS, "2": POS, "3": POS, "4": NEG, "5": NEG}
GATE = {"margin_over_baseline": 0.1, "min_f1": 0.6}


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def archive(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return sink.getvalue()


def evaluate(cold_start: Any, fake_s3: Any, context: Any, predicted: dict[str, str], **event: Any) -> Any:
    function = cold_start("model_evaluation")
    labels = lines([{"id": i, "label": label} for i, label in TRUTH.items()])
    # The job lies about labels and metrics; both must be ignored.
    predictions = lines([{"id": i, "label": p, "predicted": p, "score": 1} for i, p in predicted.items()])
    output = archive({"metrics.json": b'{"test": {"accuracy": 1}}', "predictions.jsonl": predictions})
    function.S3 = fake_s3({"labels.jsonl": labels, "output.tar.gz": output})
    base = {
        "bucket": "data",
        "labels_key": "labels.jsonl",
        "labels_sha256": hashlib.sha256(labels).hexdigest(),
        "output_key": "output.tar.gz",
        "gate": GATE,
    }
    return function.handler({**base, **event}, context)


def test_a_good_model_passes(cold_start: Any, fake_s3: Any, context: Any) -> None:
    assert evaluate(cold_start, fake_s3, context, {**TRUTH, "5": POS}) == {
        "passed": True,
        "accuracy": 0.8,
        "f1": 0.857143,
        "baseline": 0.6,
        "threshold": 0.7,
        "min_f1": 0.6,
        "confusion": {"true_positive": 3, "false_negative": 0, "false_positive": 1, "true_negative": 1},
        "rows": 5,
        "reason": "accuracy 0.8000 reaches 0.7000",
    }


def test_a_majority_guesser_does_not_pass(cold_start: Any, fake_s3: Any, context: Any) -> None:
    verdict = evaluate(cold_start, fake_s3, context, dict.fromkeys(TRUTH, POS))
    assert verdict["passed"] is False
    assert verdict["reason"] == "accuracy 0.6000 is below 0.7000 (baseline 0.6000 + 0.10)"


def test_a_low_f1_does_not_pass(cold_start: Any, fake_s3: Any, context: Any) -> None:
    gate = {"margin_over_baseline": 0, "min_f1": 0.9}
    verdict = evaluate(cold_start, fake_s3, context, {**TRUTH, "5": POS}, gate=gate)
    assert (verdict["passed"], verdict["reason"]) == (False, "F1 0.8571 is below 0.9000")


def test_never_predicting_positive_is_an_f1_of_zero(cold_start: Any, fake_s3: Any, context: Any) -> None:
    assert evaluate(cold_start, fake_s3, context, dict.fromkeys(TRUTH, NEG))["f1"] == 0.0


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        ({"1": POS}, "4 missing, 0 unknown"),
        ({**TRUTH, "6": POS}, "0 missing, 1 unknown"),
        ({**TRUTH, "1": "great"}, r"labels other than positive and negative: \['great'\]"),
    ],
)
def test_predictions_of_other_rows_are_an_error(
    cold_start: Any, fake_s3: Any, context: Any, predicted: dict[str, str], message: str
) -> None:
    with pytest.raises(Exception, match=message) as raised:
        evaluate(cold_start, fake_s3, context, predicted)
    assert type(raised.value).__name__ == "EvaluationError"


def test_labels_that_changed_since_validation_are_an_error(cold_start: Any, fake_s3: Any, context: Any) -> None:
    with pytest.raises(Exception, match="labels changed since validation"):
        evaluate(cold_start, fake_s3, context, TRUTH, labels_sha256="0" * 64)


def test_output_without_predictions_is_an_error() -> None:
    with pytest.raises(Exception, match=r"holds no predictions\.jsonl"):
        files.read_predictions(archive({"metrics.json": b"{}"}))
    with pytest.raises(Exception, match=r"not a tar\.gz archive"):
        files.read_predictions(b"nothing of the kind")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"id": "1", "predicted": "positive"}\n' * 2, "id '1' occurs twice"),
        (b'{"id": "1"}\n', "line 1 has no 'id' and 'predicted'"),
        (b"[]\n", "line 1 has no 'id' and 'predicted'"),
        (b"oops\n", "line 1 has no 'id' and 'predicted'"),
    ],
)
def test_predictions_that_cannot_be_read_are_an_error(body: bytes, message: str) -> None:
    with pytest.raises(Exception, match=message):
        files.read_predictions(archive({"./predictions.jsonl": body}))


def test_the_verdict_is_logged_without_any_row(cold_start: Any, fake_s3: Any, context: Any, logged: Any) -> None:
    evaluate(cold_start, fake_s3, context, TRUTH)
    [line] = logged()
    assert line["verdict"]["accuracy"] == 1.0
    assert "predicted" not in json.dumps(line)
