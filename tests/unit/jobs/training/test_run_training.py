"""A training job leaves the code of its archive beside the model."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.jobs.conftest import JOBS

RunJob = Callable[..., subprocess.CompletedProcess[str]]
TRAIN = """
import os, pathlib, sys
assert __name__ == "__main__"
assert pathlib.Path(__file__).name == "train.py"
import helper
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
model.mkdir()
(model / "weights").write_text(" ".join(sys.argv[1:]))
pathlib.Path(__file__).with_name("scratch.txt").write_text("left behind")
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "wheels").mkdir(parents=True)
    shutil.copy(JOBS / "training" / "run_training.py", folder)
    files = {"train.py": TRAIN, "helper.py": "", "inference.py": "serve", "wheels/a.whl": "", "requirements.txt": "a"}
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def train(code: Path, tmp_path: Path, run_job: RunJob) -> Callable[[], subprocess.CompletedProcess[str]]:
    return lambda: run_job(code / "run_training.py", "--rate", "0.5", SM_MODEL_DIR=str(tmp_path / "model"))


def test_the_model_carries_the_code_and_its_wheels(
    train: Callable[[], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = train()
    assert done.returncode == 0, done.stderr
    model = tmp_path / "model"
    assert (model / "weights").read_text() == "--rate 0.5"
    assert sorted(
        path.relative_to(model / "code").as_posix() for path in (model / "code").rglob("*") if path.is_file()
    ) == [*("helper.py", "inference.py", "requirements.txt", "run_training.py", "train.py", "wheels/a.whl")], (
        "and nothing that train.py left in its working folder"
    )


def test_what_the_script_puts_there_itself_stays(
    train: Callable[[], subprocess.CompletedProcess[str]], code: Path, tmp_path: Path
) -> None:
    own = '\n(model / "code").mkdir(); (model / "code" / "inference.py").write_text("own")\nsys.exit(0)\n'
    (code / "train.py").write_text(TRAIN + own)
    assert train().returncode == 0
    assert (tmp_path / "model" / "code" / "inference.py").read_text() == "own"
    assert (tmp_path / "model" / "code" / "helper.py").is_file(), "also after sys.exit(0)"


@pytest.mark.parametrize(("end", "code_of_exit"), [("sys.exit(3)", 3), ("raise ValueError('too few rows')", 1)])
def test_a_failed_script_fails_the_job(
    end: str,
    code_of_exit: int,
    train: Callable[[], subprocess.CompletedProcess[str]],
    code: Path,
    tmp_path: Path,
) -> None:
    (code / "train.py").write_text(f"{TRAIN}\n{end}\n")
    done = train()
    assert done.returncode == code_of_exit
    assert "ValueError" not in end or done.stderr.splitlines()[-1] == "ValueError: too few rows"
    assert not (tmp_path / "model" / "code").exists()
