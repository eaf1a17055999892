"""Tasks that have nothing to do with the platform's sample: other people's data, plain training code, some YAML."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENVIRONMENT = Path("terraform/envs/local")
_SCIKIT_LEARN = """
import sys
from pathlib import Path
from sklearn import datasets
name, folder = sys.argv[1], Path(sys.argv[2])
if name == "diabetes":
    frame = datasets.load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
else:
    frame = datasets.load_digits(as_frame=True).frame
    frame.columns = [f"p{number}" for number in range(64)] + ["digit"]
frame.to_csv(folder / f"{name}.csv", index=False)
"""
_CARS = {
    "mpg": "Miles_per_Gallon",
    "displacement": "Displacement",
    "horsepower": "Horsepower",
    "weight": "Weight_in_lbs",
    "acceleration": "Acceleration",
    "origin": "Origin",
    "cylinders": "Cylinders",
}


def add(checkout: Path, name: str, scratch: Path) -> None:
    """Write the files of a task into a checkout: data, code, and one file for each of its stacks.

    Skips the test if the data cannot be installed from the package index.
    """
    sample = checkout / "jobs/datasets" / name / "sample"
    sample.mkdir(parents=True)
    if name == "cars":
        _write_cars(sample / "cars.jsonl", scratch)
    else:
        python = checkout / ".venv-jobs/bin/python"
        subprocess.run([str(python), "-c", _SCIKIT_LEARN, name, str(sample)], check=True)
    code = checkout / "jobs/models" / name
    code.mkdir(parents=True)
    for file in ("train.py", "inference.py"):
        shutil.copy(HERE / name / file, code / file)
    for kind in ("dataset", "training", "blueprint"):
        folder = checkout / ENVIRONMENT / f"{kind}s"
        folder.mkdir(exist_ok=True)
        text = (HERE / name / f"{kind}.yaml").read_text(encoding="utf-8")
        if name == "digits":
            text = text.replace("{GOLDEN}", json.dumps(_first_row(sample / "digits.csv", "digit")))
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def _first_row(file: Path, label: str) -> dict[str, float]:
    head, first, *_ = file.read_text(encoding="utf-8").splitlines()
    row = dict(zip(head.split(","), first.split(","), strict=True))
    return {name: float(value) for name, value in row.items() if name != label}


def _write_cars(target: Path, scratch: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(scratch)]
    done = subprocess.run([*command, "vega_datasets==0.9.0"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"not run: vega_datasets cannot be installed: {done.stderr.strip()[-200:]}")
    cars = json.loads((scratch / "vega_datasets/_data/cars.json").read_text(encoding="utf-8"))
    rows = ({ours: car[theirs] for ours, theirs in _CARS.items()} for car in cars)
    target.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
