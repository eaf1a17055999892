"""An archive that answers its golden cases wrongly is not uploaded. Its code really runs."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from orchestrator.config.model.golden import GoldenCase
from orchestrator.errors import ConfigError, SetupError, SmokeFailed
from orchestrator.registry import golden
from tests.support.process import JOBS_PYTHON, ROOT

SERVE = """
import json
def model_fn(folder): return json.load(open(folder + "/m.json"))
def input_fn(body, kind): return json.loads(body)["inputs"]
def predict_fn(inputs, model): return [{"value": model["factor"] * each["x"]} for each in inputs]
def output_fn(outputs, accept): return json.dumps({"outputs": outputs}), "application/json"
"""


def archive(tmp_path: Path, serve: str = SERVE, **files: str) -> Path:
    path = tmp_path / "model.tar.gz"
    given = {"code/inference.py": serve, "m.json": json.dumps({"factor": 2}), **files}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in given.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            tar.addfile(entry, io.BytesIO(content.encode()))
    return path


def case(x: float, value: float) -> GoldenCase:
    return GoldenCase(input={"x": x}, value=value)


@pytest.mark.skipif(not JOBS_PYTHON.exists(), reason="the environment of the jobs is not installed")
def test_right_answers_are_summarised(tmp_path: Path) -> None:
    assert golden.check(ROOT, archive(tmp_path), (case(1, 2), case(2.5, 5))) == ["2", "5"]


@pytest.mark.skipif(not JOBS_PYTHON.exists(), reason="the environment of the jobs is not installed")
@pytest.mark.parametrize(
    ("serve", "message"),
    [
        (SERVE, r'golden case 2: `\{"x": 2\}` must be 5, got 4'),
        ("import no_such_package", "the model cannot answer: ModuleNotFoundError: No module named 'no_such_package'"),
        (
            SERVE.replace("output_fn", "output"),
            "the model cannot answer: NotImplementedError: inference.py has no output_fn",
        ),
    ],
)
def test_wrong_answers_are_refused(tmp_path: Path, serve: str, message: str) -> None:
    with pytest.raises(SmokeFailed, match=message):
        golden.check(ROOT, archive(tmp_path, serve), (case(1, 2), case(2, 5)))


@pytest.mark.skipif(not JOBS_PYTHON.exists(), reason="the environment of the jobs is not installed")
def test_packages_come_from_the_archive_alone(tmp_path: Path) -> None:
    path = archive(tmp_path, **{"code/requirements.txt": "no-such-package==1.0\n"})
    with pytest.raises(SmokeFailed, match="the packages of the archive cannot be installed here"):
        golden.check(ROOT, path, (case(1, 2),))


def test_without_the_environment_of_the_jobs_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"\.venv-jobs"):
        golden.check(tmp_path, archive(tmp_path), (case(1, 2),))


@pytest.mark.parametrize(
    "text",
    [
        "golden:\n  - {input: {x: 1}, value: 2}\n",
        "name: a\nsmoke:\n  golden:\n    - {input: {x: 1}, value: 2}\n",
    ],
)
def test_cases_are_those_of_a_training_or_a_blueprint(tmp_path: Path, text: str) -> None:
    (tmp_path / "cases.yaml").write_text(text, encoding="utf-8")
    assert golden.read(tmp_path / "cases.yaml") == (case(1, 2),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("golden: []\n", "has no golden cases"),
        ("smoke: 1\n", "has no golden cases"),
        ("golden: [{input: 1}]\n", r"golden case 0: .*requires an expected answer"),
        ("golden: [{input: 1, vlue: 2}]\n", r"golden case 0\.vlue: Extra inputs are not permitted"),
        ("golden: [", "cases.yaml"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "cases.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        golden.read(tmp_path / "cases.yaml")
    with pytest.raises(ConfigError, match="does not exist"):
        golden.read(tmp_path / "none.yaml")
