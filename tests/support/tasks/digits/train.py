"""Fit a multinomial logistic regression on the digits."""

import argparse
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression

PIXELS = [f"p{number}" for number in range(64)]


def rows(channel):
    folder = Path(os.environ[f"SM_CHANNEL_{channel.upper()}"])
    return pd.concat(pd.read_parquet(path) for path in sorted(folder.glob("**/*.parquet")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--training-job", default="local")
    arguments, _ = parser.parse_known_args()
    train, validation = rows("train"), rows("validation")
    model = LogisticRegression(max_iter=2000, C=0.05)
    model.fit(train[PIXELS], train["digit"].astype(str))
    accuracy = model.score(validation[PIXELS], validation["digit"].astype(str))
    print(f"validation:accuracy={accuracy:.4f};")
    target = Path(os.environ["SM_MODEL_DIR"])
    joblib.dump(model, target / "model.joblib")
    (target / "metadata.json").write_text(json.dumps({"training_job": arguments.training_job}))
