"""The sample notebooks of the environment's bucket, run with the permissions of their Studio profile.

No Studio app runs locally, and only SageMaker may assume a Studio role. So the test creates a role with exactly the
policies and the boundary of the profile's role, and runs the cells in order in one process under it.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.shared_platform import ACCOUNT, PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

BUCKET = f"{PREFIX}-data-{ACCOUNT}-{REGION}"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
RUN = """
import json, sys
cells = [cell for cell in json.load(open(sys.argv[1]))["cells"] if cell["cell_type"] == "code"]
space = {}
for number, cell in enumerate(cells, 1):
    exec(compile("".join(cell["source"]), f"{sys.argv[1]}, code cell {number}", "exec"), space)
variables = {name: space[name] for name in sys.argv[3:]}
json.dump(variables, open(sys.argv[2], "w"), default=str)
"""

Notebook = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def credentials(deployed: Deployed) -> Iterator[Callable[[str], dict[str, str]]]:
    """Environment variables by profile; the roles behind them go with the module."""
    iam, sts = deployed.client("iam"), deployed.client("sts")
    made: dict[str, str] = {}
    known: dict[str, dict[str, str]] = {}

    def lend(profile: str) -> dict[str, str]:
        if profile not in known:
            original = deployed.outputs("studio")["studio"]["role_arns"][profile].rsplit("/", 1)[-1]
            made[profile] = name = f"notebook-{uuid.uuid4().hex[:8]}"
            boundary = iam.get_role(RoleName=original)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
            arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, PermissionsBoundary=boundary)
            for policy in iam.list_role_policies(RoleName=original)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=original, PolicyName=policy)["PolicyDocument"]
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
            lent = sts.assume_role(RoleArn=arn["Role"]["Arn"], RoleSessionName="notebook")["Credentials"]
            known[profile] = {
                "AWS_ACCESS_KEY_ID": lent["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": lent["SecretAccessKey"],
                "AWS_SESSION_TOKEN": lent["SessionToken"],
            }
        return known[profile]

    yield lend
    for name in made.values():
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


@pytest.fixture
def run(deployed: Deployed, credentials: Callable[[str], dict[str, str]], tmp_path: Path) -> Notebook:
    """Fetch a notebook from the bucket and run it as a profile; its final variables are in `answer.json`."""

    def start(name: str, profile: str, *variables: str) -> subprocess.CompletedProcess[str]:
        listed = deployed.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="artifacts/code/notebooks/")["Contents"]
        [key] = [each["Key"] for each in listed if each["Key"].endswith(f"/{name}.ipynb")]
        body = deployed.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        (tmp_path / f"{name}.ipynb").write_bytes(body)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": deployed.endpoint}
        return subprocess.run(
            [str(deployed.root / ".venv/bin/python"), "-c", RUN, f"{name}.ipynb", "answer.json", *variables],
            cwd=tmp_path,
            env=environment | credentials(profile),
            capture_output=True,
            text=True,
            timeout=120,
        )

    return start


def answer(done: subprocess.CompletedProcess[str], folder: Path) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answer.json").read_text())


def test_the_catalogue_is_explored_as_data_scientist(run: Notebook, tmp_path: Path) -> None:
    done = run("explore_catalogue", "data_scientist", "raw", "total")
    variables = answer(done, tmp_path)
    assert variables["raw"] == {"amazon": 3708, "movie": 10605}
    # Ratings of exactly zero have no label: 98 of Amazon, 37 of the movies.
    assert variables["total"] == {"amazon": 3708 - 98, "movie": 10605 - 37}
    assert "negative" in done.stdout


def test_the_endpoint_is_called_as_ml_engineer(run: Notebook, deployed: Deployed, tmp_path: Path) -> None:
    response = answer(run("call_endpoint", "ml_engineer", "answer"), tmp_path)["answer"]
    assert [output["label"] for output in response["outputs"]] == ["positive", "negative"]
    jobs = deployed.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert response["model"]["training_job"] in [job["TrainingJobName"] for job in jobs]


def test_versions_are_compared_as_ml_engineer(run: Notebook, deployed: Deployed, tmp_path: Path) -> None:
    variables = answer(run("compare_versions", "ml_engineer", "versions", "best"), tmp_path)
    name = deployed.outputs("models")["sagemaker"]["live_parameter_name"]
    live = json.loads(deployed.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    assert str(variables["best"]["version"]) == live["model_package_arn"].rsplit("/", 1)[-1]
    assert variables["best"]["accuracy"] == pytest.approx(live["metrics"]["accuracy"], abs=1e-6)
    assert variables["best"] in variables["versions"]


@pytest.mark.parametrize("name", ["call_endpoint", "compare_versions"])
def test_the_data_scientist_neither_calls_endpoints_nor_judges_versions(run: Notebook, name: str) -> None:
    done = run(name, "data_scientist")
    assert done.returncode == 1
    assert "is not authorized to perform: sagemaker:" in done.stderr
