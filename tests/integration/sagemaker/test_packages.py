"""A model brings its packages in the archive of its code, and is trained and served with them, without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config.images import Chosen, image_of, packages_of
from orchestrator.errors import SetupError
from orchestrator.packaging.wheelhouse import Wheelhouse
from tests.integration.sagemaker.test_endpoints import Endpoints
from tests.integration.sagemaker.test_training import Training
from tests.support.compute import ROLE, tarred, unique
from tests.support.wheels import use_only, write_wheel

REPO = Path(__file__).resolve().parents[3]
TRAIN = """
import json, os, pathlib, sys
import booster, numpy
assert booster.VERSION == "4.7", booster
pathlib.Path(os.environ["SM_MODEL_DIR"], "weights.json").write_text(json.dumps({"factor": 3, "numpy": numpy.__file__}))
"""
SERVE = """
import json, pathlib
import booster
def model_fn(folder): return json.loads((pathlib.Path(folder) / "weights.json").read_text())
def input_fn(body, content_type): return json.loads(body)["inputs"]
def predict_fn(inputs, model): return {"outputs": [x * model["factor"] for x in inputs], "booster": booster.VERSION}
def output_fn(prediction, accept): return json.dumps(prediction), "application/json"
"""

pytestmark = pytest.mark.emulator


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str | bytes]:
    """The code of a model that needs a package of the image, and one that the image lacks."""
    write_wheel(tmp_path / "index", "booster", "4.7", requires=["numpy"])
    use_only(monkeypatch, tmp_path / "index")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "requirements.txt").write_text("booster\nnumpy>=2\n")
    packages = Wheelhouse(tmp_path / "cache").files(folder, image_of(Chosen("sklearn"), "us-east-1"), ())
    platform = {path.name: path.read_bytes() for path in (REPO / "jobs" / "training").glob("*.*")}
    return {"train.py": TRAIN, "inference.py": SERVE, **platform, **packages}


@pytest.fixture
def training(aws: Any, bucket: str) -> Training:
    return Training(aws, bucket)


@pytest.fixture
def endpoints(aws: Any, bucket: str) -> Endpoints:
    return Endpoints(aws, bucket)


def _endpoint(endpoints: Endpoints, job: dict[str, Any]) -> str:
    """Create an endpoint of a job's model, and wait until it serves."""
    name = unique("model")
    endpoints.client.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": "sklearn", "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]},
    )
    endpoint = endpoints.create(endpoints.config(**{name: 1}))
    settled = endpoints.settled(endpoint)
    assert settled["EndpointStatus"] == "InService", settled
    return endpoint


def test_one_archive_trains_and_serves(
    archive: dict[str, str | bytes], training: Training, endpoints: Endpoints
) -> None:
    job = training.ended(training.start(archive, sagemaker_program="run_training.py"))
    assert job["TrainingJobStatus"] == "Completed", job
    model = training.output(job["TrainingJobName"], "model.tar.gz")
    assert "code/wheels/booster-4.7-py3-none-any.whl" in model
    endpoint = _endpoint(endpoints, job)
    answer = endpoints.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="application/json", Body=json.dumps({"inputs": [1, 2]})
    )
    assert json.loads(answer["Body"].read()) == {"outputs": [3, 6], "booster": "4.7"}
    endpoints.client.delete_endpoint(EndpointName=endpoint)


BOOSTER = """
import json, os, pathlib
import joblib, numpy
from sklearn.datasets import load_breast_cancer
{import_}
rows, labels = load_breast_cancer(return_X_y=True)
rows[::7, 3] = numpy.nan  # both accept missing values
model = {model}(n_estimators=20, n_jobs=1).fit(rows[::2], labels[::2])
print(f"validation-accuracy={{model.score(rows[1::2], labels[1::2])}};")
joblib.dump(model, pathlib.Path(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
SERVE_BOOSTER = """
import json, pathlib
import joblib, numpy
def model_fn(folder): return joblib.load(pathlib.Path(folder) / "model.joblib")
def input_fn(body, content_type): return numpy.array(json.loads(body)["inputs"], dtype=float)
def predict_fn(inputs, model): return [{"label": str(label)} for label in model.predict(inputs)]
def output_fn(prediction, accept): return json.dumps({"outputs": prediction}), "application/json"
"""


@pytest.mark.full
@pytest.mark.parametrize(
    ("framework", "import_", "model"),
    [
        ("lightgbm", "import lightgbm", "lightgbm.LGBMClassifier"),
        ("xgboost", "import xgboost", "xgboost.XGBClassifier"),
    ],
)
def test_a_framework_that_is_a_package_trains_and_serves(
    framework: str, import_: str, model: str, training: Training, endpoints: Endpoints, tmp_path: Path
) -> None:
    jobs = REPO / ".venv-jobs" / "bin" / "python"
    wheels, chosen = Wheelhouse(tmp_path / "cache", jobs), Chosen(framework)
    (tmp_path / "code").mkdir()
    try:
        packages = wheels.files(tmp_path / "code", image_of(chosen, "us-east-1"), packages_of(chosen))
    except SetupError as error:
        pytest.skip(f"not run: {error.message}")
    platform = {path.name: path.read_bytes() for path in (REPO / "jobs" / "training").glob("*.*")}
    files = {"train.py": BOOSTER.format(import_=import_, model=model), "inference.py": SERVE_BOOSTER}
    job = training.ended(training.start({**files, **platform, **packages}, sagemaker_program="run_training.py"))
    assert job["TrainingJobStatus"] == "Completed", job
    assert job["FinalMetricDataList"][0]["Value"] > 0.9
    endpoint = _endpoint(endpoints, job)
    rows = [[None if n == 3 else 1.0 for n in range(30)], [30.0] * 30]
    answer = endpoints.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="application/json", Body=json.dumps({"inputs": rows})
    )
    assert {each["label"] for each in json.loads(answer["Body"].read())["outputs"]} <= {"0", "1"}
    endpoints.client.delete_endpoint(EndpointName=endpoint)


def test_packages_that_the_archive_lacks_fail_the_job_by_name(training: Training) -> None:
    job = training.ended(training.start({"train.py": "pass", "requirements.txt": "booster>=4\n"}))
    assert job["TrainingJobStatus"] == "Failed"
    assert "InstallRequirementsError" in job["FailureReason"]
    assert "satisfies the requirement booster>=4" in job["FailureReason"]
    assert "jobs and endpoints install without network" in job["FailureReason"]


def test_packages_that_the_archive_lacks_fail_the_endpoint_by_name(endpoints: Endpoints, bucket: str) -> None:
    model = endpoints.model()
    files = {"code/inference.py": SERVE, "code/requirements.txt": "booster>=4\n", "weights.json": "{}"}
    endpoints.s3.put_object(Bucket=bucket, Key=f"models/{model}.tar.gz", Body=tarred(files))
    settled = endpoints.settled(endpoints.create(endpoints.config(**{model: 1})))
    assert settled["EndpointStatus"] == "Failed"
    assert "The packages of requirements.txt cannot be installed: ERROR: Could not find" in settled["FailureReason"]
    assert "booster>=4" in settled["FailureReason"]


def test_requirements_that_the_image_satisfies_need_no_wheels(training: Training) -> None:
    job = training.ended(training.start({"train.py": "import numpy", "requirements.txt": "numpy>=1.20\n"}))
    assert job["TrainingJobStatus"] == "Completed", job
