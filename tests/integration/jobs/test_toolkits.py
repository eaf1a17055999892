"""AWS's own toolkits train and serve an archive of code with its wheels, with the newest pip and without network.

The toolkits are those of scikit-learn's image, in an environment of this test on top of the jobs' packages, which are
those of the image. To make it, a package index is needed: without one the tests are skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config.images import Chosen, image_of, packages_of
from orchestrator.errors import SetupError
from orchestrator.packaging.wheelhouse import Wheelhouse
from tests.support.compute import members, tarred

REPO = Path(__file__).resolve().parents[3]
JOBS_PYTHON = REPO / ".venv-jobs" / "bin" / "python"
TOOLKITS = ("sagemaker-containers==2.8.6.post2", "sagemaker-training==5.1.4", "sagemaker-inference==1.10.1")
NEEDED = (
    *(
        "Flask==1.1.1",
        "Werkzeug==2.0.3",
        "jinja2<3",
        "MarkupSafe<2",
        "itsdangerous==2.0.1",
        "gunicorn==23.0.0",
        "gevent",
    ),
    *(
        "setuptools==80.9.0",
        "protobuf==3.20.2",
        "retrying==1.3.3",
        "inotify_simple==1.2.1",
        "paramiko",
        "psutil",
        "six",
    ),
)
"""What the toolkits import, as the image pins it."""

TRAIN = """
import argparse, os, pathlib
import lightgbm
from sklearn.datasets import load_breast_cancer

parser = argparse.ArgumentParser()
parser.add_argument("--n-estimators", type=int)
arguments = parser.parse_args()
rows, labels = load_breast_cancer(return_X_y=True)
model = lightgbm.LGBMClassifier(n_estimators=arguments.n_estimators, n_jobs=1, verbose=-1)
model.fit(rows[::2], labels[::2])
model.booster_.save_model(pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt"))
print(f"accuracy={model.score(rows[1::2], labels[1::2]):.4f};")
"""
INFERENCE = """
import json, pathlib
import lightgbm

def model_fn(folder): return lightgbm.Booster(model_file=pathlib.Path(folder, "model.txt"))
def input_fn(body, content_type): return json.loads(body)["inputs"]
def predict_fn(inputs, model): return [{"label": str(int(share > 0.5))} for share in model.predict(inputs)]
def output_fn(prediction, accept): return json.dumps({"outputs": prediction}), "application/json"
"""
TRAINING = """
from sagemaker_training import entry_point, environment, runner

def main():
    job = environment.Environment()
    entry_point.run(uri=job.module_dir, user_entry_point=job.user_entry_point, args=job.to_cmd_args(),
                    env_vars=job.to_env_vars(), runner_type=runner.ProcessRunnerType)
"""
SERVING = """
from sagemaker_containers.beta.framework import env, server, transformer, worker
import importlib

app = None

def main(environ, start_response):
    global app
    if app is None:
        served = env.ServingEnv()
        module = importlib.import_module(served.module_name)
        names = ("model_fn", "input_fn", "predict_fn", "output_fn")
        model = transformer.Transformer(**{name: getattr(module, name) for name in names})
        model.initialize()
        app = worker.Worker(transform_fn=model.transform, module_name=served.module_name)
    return app(environ, start_response)
"""
"""What the package of the image itself does with the toolkits; it is on no index."""

pytestmark = pytest.mark.full


@dataclass(frozen=True)
class Toolkits:
    """An environment like that of the image, and the folder that is its `/opt/ml`."""

    python: Path
    root: Path
    programs: Path

    def environ(self, **more: str) -> dict[str, str]:
        return {
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.programs),
            "HOME": str(self.root),
            "SAGEMAKER_BASE_DIR": str(self.root),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            # Nothing answers there: what pip wants from an index fails at once.
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "https://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
            **more,
        }

    def run(self, program: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-c", program],
            cwd=self.root,
            env=self.environ(**more),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def uninstall(self) -> None:
        """Return to the image's packages, which training and serving each start with."""
        command = [str(self.python), "-m", "pip", "uninstall", "--quiet", "--yes", "lightgbm", "narwhals", "model-code"]
        subprocess.run(command, env=self.environ(), capture_output=True, check=True)

    def train(self, archive: bytes) -> subprocess.CompletedProcess[str]:
        source = self.root / "sourcedir.tar.gz"
        source.write_bytes(archive)
        host = "localhost"
        group = {"instance_group_name": "all", "instance_type": "ml.m5.large", "hosts": [host]}
        documents: dict[str, Any] = {
            "hyperparameters": {
                "sagemaker_program": "run_training.py",
                "sagemaker_submit_directory": str(source),
                "n-estimators": "30",
            },
            "resourceconfig": {
                "current_host": host,
                "hosts": [host],
                "current_instance_type": "ml.m5.large",
                "current_group_name": "all",
                "instance_groups": [group],
                "network_interface_name": "lo",
            },
            "inputdataconfig": {},
        }
        for name, document in documents.items():
            path = self.root / "input" / "config" / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document))
        (self.root / "model").mkdir()
        program = "from sagemaker_training.cli.train import main; main()"
        return self.run(program, SAGEMAKER_TRAINING_MODULE="image_training:main")

    @contextlib.contextmanager
    def serving(self) -> Iterator[Server]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        more = {
            "SAGEMAKER_SUBMIT_DIRECTORY": str(self.root / "model" / "code"),
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_USE_NGINX": "false",
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        }
        shutil.rmtree(self.root / "code", ignore_errors=True)
        program = "from sagemaker_containers.beta.framework import server; server.start('image_serving:main')"
        log = self.root / "serving.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [self.python, "-c", program],
                cwd=self.root,
                env=self.environ(**more),
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Server(process, port, log)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def ask(self, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.read()

    def is_ready(self) -> bool:
        """Wait until the server answers or has ended."""
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                self.ask("/ping")
                return True
            time.sleep(0.1)
        return False


def install(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if done.returncode and any(sign in output for sign in ("from versions: none", "connection", "Connection")):
        pytest.skip(f"not run: the package index cannot be reached: {output[-300:]}")
    assert done.returncode == 0, output


@pytest.fixture(scope="module")
def toolkits(tmp_path_factory: pytest.TempPathFactory) -> Toolkits:
    if shutil.which("cc") is None:
        pytest.skip("not run: the toolkits are source archives, and there is no C compiler")
    folder = tmp_path_factory.mktemp("toolkits")
    made = subprocess.run(
        [JOBS_PYTHON, REPO / "emulator" / "runtime" / "environment.py", folder / "venv"],
        capture_output=True,
        text=True,
        check=True,
    )
    python = Path(made.stdout)
    install(python, "--upgrade", "pip")
    install(python, "--no-deps", *TOOLKITS)
    install(python, *NEEDED)
    # As the image's Dockerfile does it: the toolkit is older than Python 3.10.
    [mapping] = (folder / "venv").rglob("sagemaker_containers/_mapping.py")
    mapping.write_text(mapping.read_text().replace("collections.Mapping", "collections.abc.Mapping"))
    programs = folder / "programs"
    programs.mkdir()
    (programs / "image_training.py").write_text(TRAINING)
    (programs / "image_serving.py").write_text(SERVING)
    return Toolkits(python, folder / "ml", programs)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | bytes]:
    """The archive as the platform builds it, with the wheels for the Python of this machine."""
    folder, cache = tmp_path_factory.mktemp("code"), tmp_path_factory.mktemp("cache")
    chosen = Chosen("lightgbm")
    try:
        packages = Wheelhouse(cache, JOBS_PYTHON).files(folder, image_of(chosen, "us-east-1"), packages_of(chosen))
    except SetupError as error:
        pytest.skip(f"not run: {error.message}")
    platform = {path.name: path.read_bytes() for path in (REPO / "jobs" / "training").glob("*.*")}
    return {"train.py": TRAIN, "inference.py": INFERENCE, **platform, **packages}


@pytest.fixture(scope="module")
def trained(toolkits: Toolkits, archive: Mapping[str, str | bytes]) -> Toolkits:
    """The toolkits after a training job; `model` is what an endpoint gets."""
    toolkits.root.mkdir()
    toolkits.uninstall()
    done = toolkits.train(tarred(archive))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    accuracy = float(done.stdout.split("accuracy=")[1].split(";")[0])
    assert accuracy > 0.9
    toolkits.uninstall()
    return toolkits


@pytest.fixture
def model(trained: Toolkits, tmp_path: Path) -> Toolkits:
    """The trained model as one endpoint's own, which a test may change."""
    shutil.copytree(trained.root / "model", tmp_path / "ml" / "model")
    trained.uninstall()
    return replace(trained, root=tmp_path / "ml")


def test_the_model_carries_its_code_and_wheels(trained: Toolkits, archive: Mapping[str, str | bytes]) -> None:
    code = trained.root / "model" / "code"
    assert {path.relative_to(code).as_posix() for path in code.rglob("*") if path.is_file()} == archive.keys()
    assert (trained.root / "model" / "model.txt").is_file()
    assert members(tarred(archive)).keys() == archive.keys()


def test_the_server_of_the_image_answers_from_the_archive_alone(model: Toolkits) -> None:
    known = "from sklearn.datasets import load_breast_cancer as l; import json; x, y = l(return_X_y=True); "
    rows, labels = json.loads(model.run(known + "print(json.dumps([x[1::2].tolist(), y[1::2].tolist()]))").stdout)
    with model.serving() as server:
        assert server.is_ready(), server.output
        answer = json.loads(server.ask("/invocations", json.dumps({"inputs": rows}).encode()))
    right = [output["label"] == str(label) for output, label in zip(answer["outputs"], labels, strict=True)]
    assert sum(right) / len(right) > 0.9


def test_without_its_build_backend_the_code_could_not_be_served(model: Toolkits) -> None:
    for name in ("pyproject.toml", "code_package.py"):
        (model.root / "model" / "code" / name).unlink()
    with model.serving() as server:
        assert not server.is_ready()
        assert "setuptools" in server.output
        assert "InstallModuleError" in server.output


def test_hashes_in_its_requirements_would_stop_the_server(model: Toolkits) -> None:
    code = model.root / "model" / "code"
    text = (code / "requirements.txt").read_text().split("lightgbm")[0] + (code / "requirements.lock.txt").read_text()
    (code / "requirements.txt").write_text(text)
    with model.serving() as server:
        assert not server.is_ready()
        assert "hash" in server.output


def test_the_other_toolkit_for_serving_installs_the_same_file(model: Toolkits) -> None:
    """That of the images of deep learning frameworks."""
    program = "from sagemaker_inference import model_server; model_server._install_requirements(); import lightgbm"
    done = model.run(program)
    assert done.returncode == 0, done.stderr[-2000:]
