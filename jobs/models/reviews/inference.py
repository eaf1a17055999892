"""Serving of the review sentiment model: the four functions that the scikit-learn container looks for.

In:  {"inputs": ["text", …]}                                              application/json
Out: {"outputs": [{"label", "score"}, …], "model": {"training_job", "data_fingerprint", "seed"}}

In:  {"input": "text"} or "text", one per line                            application/jsonlines
Out: {"label", "score"} or {"error": {"type", "message"}}, one per line

Batch jobs send lines: as many come back, in the same order, and a line that is not text does not affect the others.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from pathlib import Path
from typing import Any, NoReturn

JSON = "application/json"
JSON_LINES = "application/jsonlines"
MAX_INPUTS = 100
MAX_CHARACTERS = 20_000
NO_TEXT = re.compile("[\0\ud800-\udfff]")
IDENTITY = ("training_job", "data_fingerprint", "seed")


def model_fn(model_dir: str) -> dict[str, Any]:
    """Load the pipeline and its identity from the unpacked model.tar.gz."""
    folder = Path(model_dir)
    check_files(folder, os.environ.get("MODEL_FILES_SHA256", ""))
    import joblib  # here, so that the rest of the contract can be read without scikit-learn

    metadata = json.loads((folder / "metadata.json").read_text())
    return {
        "pipeline": joblib.load(folder / "model.joblib"),
        "identity": {name: metadata[name] for name in IDENTITY},
    }


def check_files(folder: Path, expected: str) -> None:
    """Refuse a model whose files are not those that were registered; versions older than this check say nothing.

    It stops archives that were mixed up or damaged, before anything is unpickled. It does not protect against a
    replaced copy of this file: the bucket's policy prevents that, and releases compare the archive.
    """
    if not expected:
        return
    actual = files_digest(folder)
    if actual != expected:
        raise ValueError(f"the model's files have sha256 {actual}, registered was {expected}: they are not loaded")


def files_digest(folder: Path) -> str:
    """Hash all names and contents with SHA-256, as the registration does for the archive (lambda/model_artifacts)."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        # Python itself puts these beside the code that it imports.
        if path.is_file() and "__pycache__" not in path.parts
    }
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def input_fn(body: str | bytes, content_type: str) -> list[str] | Lines:
    """Return the texts of a request. Raises a `ValueError` that names the deviation from the contract."""
    kind = content_type.split(";")[0].strip().lower()
    if kind == JSON_LINES:
        return Lines.read(body)
    if kind != JSON:
        raise ValueError(f"content type must be {JSON} or {JSON_LINES}, got '{content_type}'")
    try:
        request = loads(decoded(body))
    except ValueError as error:  # UnicodeDecodeError is one too
        raise ValueError(f"body is not JSON: {error}") from None
    inputs = request.get("inputs") if isinstance(request, dict) else None
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= MAX_INPUTS:
        raise ValueError(f"'inputs' must be a list of 1 to {MAX_INPUTS} strings")
    return [checked_text(text, f"inputs[{position}]") for position, text in enumerate(inputs)]


def decoded(body: str | bytes) -> str:
    """Decode a body as UTF-8. Python's JSON reader guesses UTF-16 too, and rejects a byte order mark."""
    return (body.decode() if isinstance(body, bytes) else body).removeprefix("\ufeff")


def loads(text: str) -> Any:
    """Parse JSON by RFC 8259. Deep nesting is bad input as well: it must cost its own line alone, and no server."""
    try:
        return json.loads(text, parse_constant=no_constant, parse_float=finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def finite(number: str) -> float:
    if math.isinf(float(number)):
        raise ValueError("a number is too large to be kept")
    return float(number)


def checked_text(text: Any, name: str) -> str:
    """Return a text that keeps the API's rule: requests may reach an endpoint by other ways, too."""
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARACTERS:
        raise ValueError(f"'{name}' must be a string of 1 to {MAX_CHARACTERS} characters")
    if not text.strip():
        raise ValueError(f"'{name}' must not be blank")
    if NO_TEXT.search(text):
        raise ValueError(f"'{name}' holds U+0000 or half of a surrogate pair")
    return text


class Lines:
    """Texts of a batch, one per line; `errors` has what is wrong with the others, by their position."""

    def __init__(self, texts: list[str], errors: dict[int, str]) -> None:
        self.texts = texts
        self.errors = errors

    @classmethod
    def read(cls, body: str | bytes) -> Lines:
        lines = decoded(body).split("\n")
        # Not splitlines: it also splits at characters that JSON leaves inside its strings.
        if not lines[-1].strip():
            lines.pop()
        if not any(line.strip() for line in lines):
            raise ValueError("body has no lines")
        texts: list[str] = []
        errors: dict[int, str] = {}
        for position, line in enumerate(lines):
            try:
                record = loads(line)
                text = record.get("input") if isinstance(record, dict) else record
                texts.append(checked_text(text, "input"))
            except ValueError as error:
                errors[position] = str(error)
        return cls(texts, errors)


def predict_fn(inputs: list[str] | Lines, model: dict[str, Any]) -> dict[str, Any] | list[dict[str, Any]]:
    """Return label and probability per text, with the model's identity."""
    if isinstance(inputs, Lines):
        outputs = iter(classified(inputs.texts, model["pipeline"]))
        return [
            {"error": {"type": "BadRecord", "message": inputs.errors[position]}}
            if position in inputs.errors
            else next(outputs)
            for position in range(len(inputs.texts) + len(inputs.errors))
        ]
    return {"outputs": classified(inputs, model["pipeline"]), "model": model["identity"]}


def classified(texts: list[str], pipeline: Any) -> list[dict[str, Any]]:
    if not texts:
        return []
    probabilities = pipeline.predict_proba(texts)
    best = probabilities.argmax(axis=1)
    return [
        {"label": str(pipeline.classes_[k]), "score": round(float(row[k]), 6)}
        for k, row in zip(best, probabilities, strict=True)
    ]


def output_fn(prediction: dict[str, Any] | list[dict[str, Any]], accept: str) -> tuple[str, str]:
    """Return the response body and its type."""
    accepted = {part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")}
    kind = JSON_LINES if isinstance(prediction, list) else JSON
    if not {kind, "application/*", "*/*"} & accepted:
        raise ValueError(f"only {kind} can be returned (requested: '{accept}')")
    if isinstance(prediction, list):
        return "".join(json.dumps(line, allow_nan=False) + "\n" for line in prediction), kind
    # A score that is not a number is an error of the container: `NaN` is not JSON, and most parsers reject it.
    return json.dumps(prediction, allow_nan=False), kind
