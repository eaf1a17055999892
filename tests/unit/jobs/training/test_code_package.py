"""pip installs a model's code without network, and without setuptools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.support.wheels import write_wheel
from tests.unit.jobs.conftest import JOBS


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "words").mkdir(parents=True)
    for name in ("pyproject.toml", "code_package.py"):
        shutil.copy(JOBS / "training" / name, folder)
    (folder / "inference.py").write_text("import booster, words\nVERSION = booster.VERSION\n")
    (folder / "words" / "__init__.py").write_text("")
    (folder / "words" / "list.txt").write_text("good\n")
    write_wheel(folder / "wheels", "booster", "4.7")
    (folder / "requirements.txt").write_text("--no-index\n--find-links wheels\nbooster==4.7\n")
    # The server itself writes this if it is missing; it must not matter.
    (folder / "setup.py").write_text("raise SystemExit('setuptools was used')\n")
    return folder


def test_the_command_of_the_scikit_learn_image_works_without_network(code: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    python = str(environment / "bin" / "python")
    folder = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # pip of this interpreter: only where it installs to is of the new environment.
    command = [sys.executable, "-m", "pip", "--python", python, "install", ".", "-r", "requirements.txt"]
    env = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "https://127.0.0.1:9/simple"}
    done = subprocess.run(command, cwd=code, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = subprocess.run(
        [python, "-c", "import inference; print(inference.VERSION)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout.strip() == "4.7", shown.stderr
    assert (Path(folder) / "words" / "list.txt").is_file()
    assert not list(Path(folder).rglob("*.whl")), "wheels are not installed a second time as files of the code"
