"""Serve the trees: rows of named columns in, numbers of cylinders out."""

import json
from pathlib import Path

import pandas as pd
import xgboost

NUMBERS = ["mpg", "displacement", "horsepower", "weight", "acceleration"]
ORIGINS = ["USA", "Europe", "Japan"]


def model_fn(model_dir):
    folder = Path(model_dir)
    model = xgboost.XGBClassifier()
    model.load_model(folder / "model.json")
    return model, json.loads((folder / "metadata.json").read_text())


def input_fn(body, content_type):
    if content_type == "application/jsonlines":
        return [json.loads(line)["input"] for line in body.splitlines() if line.strip()], "lines"
    return json.loads(body)["inputs"], "json"


def predict_fn(request, model):
    rows, form = request
    trees, metadata = model
    frame = pd.DataFrame(rows, columns=[*NUMBERS, "origin"])
    known = frame[NUMBERS].astype(float).assign(origin=pd.Categorical(frame["origin"], categories=ORIGINS))
    outputs = [
        {"label": str(metadata["labels"][int(row.argmax())]), "score": round(float(row.max()), 6)}
        for row in trees.predict_proba(known)
    ]
    return outputs, form, {"training_job": metadata["training_job"]}


def output_fn(prediction, accept):
    outputs, form, metadata = prediction
    if form == "lines":
        return "".join(json.dumps(output) + "\n" for output in outputs), "application/jsonlines"
    return json.dumps({"outputs": outputs, "model": metadata}), "application/json"
