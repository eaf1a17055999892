"""Fit gradient-boosted trees, with missing numbers and a category as they are."""

import argparse
import json
import os
from pathlib import Path

import pandas as pd
import xgboost

NUMBERS = ["mpg", "displacement", "horsepower", "weight", "acceleration"]
ORIGINS = ["USA", "Europe", "Japan"]


def rows(channel):
    folder = Path(os.environ[f"SM_CHANNEL_{channel.upper()}"])
    return pd.concat(pd.read_parquet(path) for path in sorted(folder.glob("**/*.parquet")))


def features(frame):
    known = frame[NUMBERS].astype(float)
    return known.assign(origin=pd.Categorical(frame["origin"], categories=ORIGINS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--training-job", default="local")
    arguments, _ = parser.parse_known_args()
    train, validation = rows("train"), rows("validation")
    labels = sorted(train["cylinders"].unique().tolist())
    model = xgboost.XGBClassifier(n_estimators=60, max_depth=4, enable_categorical=True, tree_method="hist", n_jobs=1)
    model.fit(features(train), train["cylinders"].map(labels.index))
    known = validation[validation["cylinders"].isin(labels)]
    accuracy = float((model.predict(features(known)) == known["cylinders"].map(labels.index)).mean())
    print(f"validation:accuracy={accuracy:.4f};")
    target = Path(os.environ["SM_MODEL_DIR"])
    model.save_model(target / "model.json")
    metadata = {"training_job": arguments.training_job, "labels": labels}
    (target / "metadata.json").write_text(json.dumps(metadata))
