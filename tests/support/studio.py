"""Data sets of scikit-learn with models of different quality, made by the jobs' interpreter: `STUDIO FOLDER`.

Each data set has a folder with the rows and labels of its test split, its specification, and the archives of a good
model, of a weak one that reads two features, and of an unfit one that reads a feature which does not exist.
"""

from __future__ import annotations

STUDIO = '''
import hashlib, io, json, sys, tarfile
from pathlib import Path

import joblib, numpy as np, pandas as pd
from sklearn import datasets, dummy, linear_model, metrics, pipeline, preprocessing

SERVE = """
import json, sys
from pathlib import Path
import joblib

def model_fn(folder):
    print("loading", file=sys.stderr)
    return joblib.load(Path(folder) / "model.joblib")

def input_fn(body, content_type):
    return json.loads(body)["inputs"]

def predict_fn(inputs, model):
    rows = [[row[name] for name in model["features"]] for row in inputs]
    pipe = model["pipeline"]
    if not hasattr(pipe, "predict_proba"):
        return [{"value": float(value)} for value in pipe.predict(rows)]
    shares = pipe.predict_proba(rows)
    return [{"label": str(pipe.classes_[row.argmax()]), "score": round(float(row.max()), 6), **(
        {"scores": dict(zip(map(str, pipe.classes_), map(float, row)))} if len(row) > 2 else {})} for row in shares]

def output_fn(prediction, accept):
    return json.dumps({"outputs": prediction}), accept
"""


def archive(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))


def model(path, pipe, features):
    sink = io.BytesIO()
    joblib.dump({"pipeline": pipe, "features": features}, sink)
    archive(path, {"./model.joblib": sink.getvalue(), "./code/inference.py": SERVE.encode()})


def prepared(name, load, label, estimator, weak):
    """Split a data set, write its test rows, and save a good model and a weak one, which knows two features."""
    data = load(as_frame=True)
    frame = data.data.rename(columns=lambda column: column.replace(" ", "_").replace("/", "_"))
    features = list(frame.columns)
    target = data.target if not hasattr(data, "target_names") else data.target.map(dict(enumerate(data.target_names)))
    frame = frame.assign(id=[f"row-{n}" for n in range(len(frame))], **{label: target})
    frame["half"] = np.where(frame[features[0]] > frame[features[0]].median(), "upper", "lower")
    test = frame.sample(frac=0.3, random_state=0)
    train = frame.drop(test.index)
    folder = root / name
    (folder / "split=test").mkdir(parents=True)
    test.to_parquet(folder / "split=test" / "part-0.parquet", index=False)
    lines = [json.dumps({"id": i, "label": l}) for i, l in zip(test["id"], test[label])]
    (folder / "labels.jsonl").write_text("\\n".join(lines) + "\\n")
    spec = {"columns": [], "roles": {"id": "id", "label": label, "features": features}}
    (folder / "spec.json").write_text(json.dumps(spec))
    good = pipeline.make_pipeline(preprocessing.StandardScaler(), estimator)
    good.fit(train[features].to_numpy(), train[label])
    model(folder / "good" / "model.tar.gz", good, features)
    model(folder / "weak" / "model.tar.gz", weak.fit(train[features[:2]].to_numpy(), train[label]), features[:2])
    model(folder / "unfit" / "model.tar.gz", good, [*features, "blood"])
    return test[label].to_numpy(), good.predict(test[features].to_numpy())


root, linear = Path(sys.argv[1]), linear_model
truth, guess = prepared("diabetes", datasets.load_diabetes, "progression", linear.Ridge(), linear.Ridge())
wine = prepared("wine", datasets.load_wine, "cultivar", linear.LogisticRegression(), linear.LogisticRegression())
constant = dummy.DummyClassifier(strategy="prior")
cancer = prepared("cancer", datasets.load_breast_cancer, "diagnosis", linear.LogisticRegression(), constant)
archive(root / "code.tar.gz", {"evaluate.py": b"""
def evaluate(rows, outputs):
    wrong = [row for row, output in zip(rows, outputs) if row["cultivar"] != output["label"]]
    return {"cost": 5 * len(wrong) / len(rows), "rows": len(rows)}
"""})
print(json.dumps({
    "rmse": float(np.sqrt(np.mean((truth - guess) ** 2))),
    "spread": float(np.std(truth)),
    "wine": float(metrics.f1_score(*wine, average="macro")),
    "cancer": float(metrics.f1_score(*cancer, pos_label="malignant")),
}))
'''
