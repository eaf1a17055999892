"""Serve the regression: rows of named columns in, values out."""

import json
from pathlib import Path

import joblib
import pandas as pd


def model_fn(model_dir):
    folder = Path(model_dir)
    metadata = json.loads((folder / "metadata.json").read_text())
    return joblib.load(folder / "model.joblib"), metadata


def input_fn(body, content_type):
    if content_type == "application/jsonlines":
        return [json.loads(line)["input"] for line in body.splitlines() if line.strip()], "lines"
    return json.loads(body)["inputs"], "json"


def predict_fn(request, model):
    rows, form = request
    regression, metadata = model
    frame = pd.DataFrame(rows)[list(regression.feature_names_in_)]
    return [{"value": float(value)} for value in regression.predict(frame)], form, metadata


def output_fn(prediction, accept):
    outputs, form, metadata = prediction
    if form == "lines":
        return "".join(json.dumps(output) + "\n" for output in outputs), "application/jsonlines"
    return json.dumps({"outputs": outputs, "model": metadata}), "application/json"
