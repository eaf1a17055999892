"""A checkout with one environment, and real data: what scikit-learn ships, written by the environment of the jobs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.process import JOBS_PYTHON, ROOT

WRITE = """
import sys
from sklearn import datasets
out = sys.argv[1]
diabetes = datasets.load_diabetes(as_frame=True, scaled=False).frame
diabetes.rename(columns={"target": "progression"}).to_csv(f"{out}/diabetes.csv", index=False)
iris = datasets.load_iris(as_frame=True)
iris.data.assign(species=[iris.target_names[each] for each in iris.target]).to_csv(f"{out}/iris.csv", index=False)
datasets.load_wine(as_frame=True).frame.to_csv(f"{out}/wine.csv")
cancer = datasets.load_breast_cancer(as_frame=True).frame
cancer.to_json(f"{out}/cancer.jsonl", orient="records", lines=True)
datasets.load_digits(as_frame=True).frame.to_parquet(f"{out}/digits.parquet")
"""


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not JOBS_PYTHON.exists():
        pytest.skip("the environment of the jobs is not installed")
    folder = tmp_path_factory.mktemp("real")
    subprocess.run([str(JOBS_PYTHON), "-c", WRITE, str(folder)], check=True)
    return folder


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A checkout that tests may write into."""
    folder = tmp_path / "repo"
    for env in ("local", "dev"):
        target = folder / "terraform" / "envs" / env
        target.mkdir(parents=True)
        shutil.copy(ROOT / "terraform" / "envs" / env / "platform.yaml", target)
        shutil.copytree(ROOT / "terraform" / "envs" / env / "blueprints", target / "blueprints")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of data."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
