"""Serving of the review sentiment model: the four functions that the scikit-learn container looks for.

In:  {"inputs": ["text", …]}                                              application/json
Out: {"outputs": [{"label", "score"}, …], "model": {"training_job", "data_fingerprint", "seed"}}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

JSON = "application/json"
MAX_INPUTS = 100
MAX_CHARACTERS = 20_000
IDENTITY = ("training_job", "data_fingerprint", "seed")


def model_fn(model_dir: str) -> dict[str, Any]:
    """The pipeline and who it is, from the unpacked model.tar.gz."""
    import joblib  # here, so that the rest of the contract can be read without scikit-learn

    folder = Path(model_dir)
    metadata = json.loads((folder / "metadata.json").read_text())
    return {
        "pipeline": joblib.load(folder / "model.joblib"),
        "identity": {name: metadata[name] for name in IDENTITY},
    }


def input_fn(body: str | bytes, content_type: str) -> list[str]:
    """The texts of a request. Whatever does not follow the contract is a ValueError that says how."""
    if content_type.split(";")[0].strip().lower() != JSON:
        raise ValueError(f"content type must be {JSON}, got '{content_type}'")
    try:
        request = json.loads(body)
    except ValueError as error:  # UnicodeDecodeError is one too
        raise ValueError(f"body is not JSON: {error}") from None
    inputs = request.get("inputs") if isinstance(request, dict) else None
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= MAX_INPUTS:
        raise ValueError(f"'inputs' must be a list of 1 to {MAX_INPUTS} strings")
    for position, text in enumerate(inputs):
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARACTERS:
            raise ValueError(f"'inputs[{position}]' must be a string of 1 to {MAX_CHARACTERS} characters")
    return inputs


def predict_fn(inputs: list[str], model: dict[str, Any]) -> dict[str, Any]:
    """Label and its probability per text, with the identity of the model that says so."""
    pipeline = model["pipeline"]
    probabilities = pipeline.predict_proba(inputs)
    best = probabilities.argmax(axis=1)
    outputs = [
        {"label": str(pipeline.classes_[k]), "score": round(float(row[k]), 6)}
        for k, row in zip(best, probabilities, strict=True)
    ]
    return {"outputs": outputs, "model": model["identity"]}


def output_fn(prediction: dict[str, Any], accept: str) -> tuple[str, str]:
    """The response body and its type."""
    wanted = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    if not {JSON, "application/*", "*/*"} & set(wanted):
        raise ValueError(f"only {JSON} can be returned, '{accept}' was asked for")
    return json.dumps(prediction), JSON
