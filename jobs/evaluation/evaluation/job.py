"""Do the whole work: let both models answer, measure, decide, and write what was found."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluation import models, pictures, report, rows
from evaluation.errors import EvaluationError, ModelError
from evaluation.gate import Champion, Gate, judge


def evaluate(arguments: Namespace, scratch: Path) -> str:
    """Measure the candidate and the live version, and write report, verdict and pictures. Return the reason.

    A refused candidate is a result. Raises `EvaluationError` if there is nothing to compare.
    """
    test, inputs = _test_rows(arguments), scratch / "inputs.jsonl"
    inputs.write_text("".join(json.dumps(each) + "\n" for each in test.inputs), encoding="utf-8")
    candidate = models.unpack("the candidate", arguments.candidate, scratch / "candidate")
    answers = models.Prediction(candidate, inputs)
    live = _Live(arguments, scratch / "champion", inputs) if arguments.champion_version else None
    # scikit-learn is imported while the models work.
    from evaluation import measures

    task = measures.task(arguments.task, arguments.positive, lambda: _user_code(arguments.code, scratch / "code"))

    def sample(outputs: list[Any]) -> measures.Sample:
        return measures.Sample(test.records, test.labels or [], outputs)

    answered = sample(answers.outputs())
    measured = task.measure(answered)
    constant = task.baseline(answered.labels)
    baseline = None if constant is None else task.measure(sample(constant))
    champion = live.measured(lambda outputs: task.measure(sample(outputs))) if live else None
    decided = judge(Gate.of(arguments.gate), measured, baseline, champion)
    details = task.details(answered)
    document = {
        "schema": report.SCHEMA,
        "task": arguments.task,
        "training_job": arguments.training_job,
        "data_fingerprint": arguments.data_fingerprint,
        "rows": len(test.records),
        "rows_sha256": test.sha256,
        "candidate_sha256": candidate.sha256,
        "metrics": measured,
        "baseline": baseline,
        "champion": _described(champion, arguments) if champion else None,
        "slices": measures.slices(task, answered, arguments.slice),
        "confusion": details.get("confusion"),
        "calibration": details.get("calibration"),
        "gate": {**arguments.gate, "passed": decided.passed, "reasons": list(decided.reasons)},
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.draw(details).items():
        (arguments.output / name).write_text(picture, encoding="utf-8")
    for name, content in (("report", document), ("verdict", report.verdict(document, arguments.group))):
        (arguments.output / f"{name}.json").write_text(json.dumps(content, indent=2, allow_nan=False), encoding="utf-8")
    return "; ".join(decided.reasons)


def _test_rows(arguments: Namespace) -> rows.Rows:
    roles = rows.Roles.of(json.loads(arguments.spec.read_text(encoding="utf-8")))
    test = rows.read(arguments.rows, roles)
    if roles.label is not None:
        rows.check_labels(test, roles, arguments.labels.read_bytes(), arguments.labels_sha256)
    elif arguments.task != "custom":
        raise EvaluationError(f"a {arguments.task} needs a label, and the dataset has none")
    return test


def _user_code(archive: Path, folder: Path) -> Path:
    return models.unpack("the training's code", archive, folder).folder


class _Live:
    """The live version at work. What it cannot predict is reported, and does not fail the job."""

    def __init__(self, arguments: Namespace, folder: Path, inputs: Path) -> None:
        elsewhere = arguments.champion_data_fingerprint not in ("", arguments.data_fingerprint)
        number = arguments.champion_version.rsplit("/", 1)[-1]
        self._name = f"version {number}{' (trained on other data)' if elsewhere else ''}"
        model = models.unpack(self._name, arguments.champion, folder)
        if model.sha256 != arguments.champion_sha256:
            raise EvaluationError(
                f"the archive of {self._name}, the live version, has sha256 {model.sha256}, "
                f"registered was {arguments.champion_sha256}"
            )
        self._answers = models.Prediction(model, inputs)

    def measured(self, measure: Callable[[list[Any]], dict[str, float]]) -> Champion:
        try:
            return Champion(self._name, measure(self._answers.outputs()))
        except ModelError as error:
            return Champion(self._name, None, str(error))


def _described(champion: Champion, arguments: Namespace) -> dict[str, Any]:
    return {
        "version": arguments.champion_version,
        "metrics": champion.metrics,
        "problem": champion.problem or None,
        "data_fingerprint": arguments.champion_data_fingerprint,
    }
