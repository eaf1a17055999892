"""Fit a ridge regression on the diabetes data."""

import argparse
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def rows(channel):
    folder = Path(os.environ[f"SM_CHANNEL_{channel.upper()}"])
    return pd.concat(pd.read_parquet(path) for path in sorted(folder.glob("**/*.parquet")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--training-job", default="local")
    arguments, _ = parser.parse_known_args()

    train, validation = rows("train"), rows("validation")
    model = make_pipeline(StandardScaler(), Ridge(alpha=arguments.alpha))
    model.fit(train[FEATURES], train["progression"])
    error = mean_squared_error(validation["progression"], model.predict(validation[FEATURES])) ** 0.5
    print(f"validation:rmse={error:.4f};")

    target = Path(os.environ["SM_MODEL_DIR"])
    joblib.dump(model, target / "model.joblib")
    (target / "metadata.json").write_text(json.dumps({"training_job": arguments.training_job}))
