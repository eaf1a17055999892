"""Serve the classifier: rows of pixels in, digits out."""

import json
from pathlib import Path

import joblib
import pandas as pd


def model_fn(model_dir):
    folder = Path(model_dir)
    return joblib.load(folder / "model.joblib"), json.loads((folder / "metadata.json").read_text())


def input_fn(body, content_type):
    if content_type == "application/jsonlines":
        return [json.loads(line)["input"] for line in body.splitlines() if line.strip()], "lines"
    return json.loads(body)["inputs"], "json"


def predict_fn(request, model):
    rows, form = request
    classifier, metadata = model
    probabilities = classifier.predict_proba(pd.DataFrame(rows)[list(classifier.feature_names_in_)])
    outputs = [
        {"label": str(classifier.classes_[row.argmax()]), "score": round(float(row.max()), 6)} for row in probabilities
    ]
    return outputs, form, metadata


def output_fn(prediction, accept):
    outputs, form, metadata = prediction
    if form == "lines":
        return "".join(json.dumps(output) + "\n" for output in outputs), "application/jsonlines"
    return json.dumps({"outputs": outputs, "model": metadata}), "application/json"
