"""The real Terraform provider against the emulator: create, clean second plan, update, clean plan, destroy.

The provider is kept between the commands (`orchestrator.terraform.warm_provider`), since it takes seconds to start.

Left out because the provider itself waits for a fixed time, on AWS too: SQS queues (25 s) and bucket lifecycle
configurations (55 s). `test_small_services.py` covers what the emulator adds for queues.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.terraform.warm_provider import client, locate, types_used
from tests.support.process import JOBS_PYTHON, ROOT, Emulator

pytestmark = [pytest.mark.emulator, pytest.mark.terraform, pytest.mark.full]

FIXTURES = Path(__file__).parent / "terraform_types"
LOCK = ROOT / "terraform" / ".terraform.lock.hcl"
MIRRORS = (
    Path.home() / ".terraform.d" / "plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
    *sorted(Path("/opt").glob("*")),
)
HANDLER = """
def handler(event, context):
    return {"statusCode": 200, "body": event["pathParameters"]["blueprint"]}
"""
INFERENCE = """
import json
def model_fn(model_dir): return open(model_dir + "/answer").read()
def input_fn(body, content_type): return json.loads(body)
def predict_fn(data, model): return {"outputs": [model for _ in data["inputs"]]}
def output_fn(prediction, accept): return json.dumps(prediction)
"""


@dataclass
class Terraform:
    """One root, copied to its own folder."""

    root: Path
    environment: dict[str, str]
    providers: WarmProviders | None
    """The provider between commands; `None` to start a new one for each."""

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        nothing: AbstractContextManager[dict[str, str]] = nullcontext({})
        with self.providers.lent(self) if self.providers else nothing as attached:
            done = subprocess.run(
                ["terraform", *arguments],
                cwd=self.root,
                env=self.environment | attached,
                capture_output=True,
                text=True,
                timeout=240,
            )
        assert done.returncode == expect, (
            f"terraform {' '.join(arguments)}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        )
        return done.stdout

    def apply(self, revision: int) -> str:
        # The plan before has refreshed already.
        refresh = "-refresh=false"
        return self("apply", "-auto-approve", "-no-color", "-input=false", refresh, f"-var=revision={revision}")

    def assert_clean(self, revision: int) -> None:
        """`-detailed-exitcode` is 2 when the plan wants to change anything."""
        self("plan", "-no-color", "-input=false", "-detailed-exitcode", f"-var=revision={revision}")


@dataclass
class WarmProviders:
    """A server of warm providers for these tests alone."""

    repo: Path
    binary: Path

    @contextmanager
    def lent(self, run: Terraform) -> Iterator[dict[str, str]]:
        name = run.root.name
        reattach = client.attach(
            self.repo, self.binary, name=name, types=types_used.in_tree(run.root), environment=run.environment
        )
        try:
            yield {"TF_REATTACH_PROVIDERS": reattach}
        finally:
            client.release(self.repo, self.binary, name=name)


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProviders | None]:
    """`None` where the provider is not unpacked: Terraform then finds and starts it by itself."""
    binary = locate.provider_binary(ROOT)
    if binary is None:
        yield None
        return
    repo = tmp_path_factory.mktemp("providers")
    (repo / "orchestrator").symlink_to(ROOT / "orchestrator")
    yield WarmProviders(repo, binary)
    client.stop(repo, binary)


@pytest.fixture
def terraform(emulator: Emulator, aws: Any, tmp_path: Path, providers: WarmProviders | None) -> Any:
    def build(name: str) -> Terraform:
        root = tmp_path / name
        shutil.copytree(FIXTURES / name, root)
        if LOCK.exists():
            shutil.copy(LOCK, root / LOCK.name)
        environment = emulator.environment() | {
            "TF_DATA_DIR": str(tmp_path / f"{name}.terraform"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "GOGC": "400",
            "TF_CLI_CONFIG_FILE": str(cli_configuration(tmp_path)),
            "TF_VAR_package": str(lambda_package(tmp_path / "package.zip")),
        }
        runner = Terraform(root, environment, providers)
        if name == "serving":
            environment["TF_VAR_model_data_url"] = upload_model(aws("s3"))
        runner("init", "-no-color", "-input=false")
        return runner

    return build


def cli_configuration(folder: Path) -> Path:
    """Providers from a mirror on this machine if there is one, else from the registry."""
    named = os.environ.get("TF_PLUGIN_MIRROR")
    candidates = [Path(named)] if named else list(MIRRORS)
    mirror = next((path for path in candidates if (path / "registry.terraform.io/hashicorp/aws").is_dir()), None)
    configuration = folder / "terraform.rc"
    block = f'filesystem_mirror {{ path = "{mirror}" }}' if mirror else "direct {}"
    configuration.write_text(f"provider_installation {{\n  {block}\n}}\n")
    return configuration


def lambda_package(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("handler.py", HANDLER)
    return path


def upload_model(s3: Any) -> str:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in (("answer", "yes"), ("code/inference.py", INFERENCE)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    for bucket in ("serving-models", "serving-capture"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="serving-models", Key="model.tar.gz", Body=content.getvalue())
    return "s3://serving-models/model.tar.gz"


def resources(terraform: Terraform) -> list[str]:
    return terraform("state", "list").split()


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")
def test_the_platform_s_types_are_created_updated_and_destroyed(terraform: Any, aws: Any) -> None:
    run = terraform("platform")
    run.apply(1)
    run.assert_clean(1)
    run.apply(2)
    run.assert_clean(2)
    assert aws("ssm").get_parameter(Name="/types/live")["Parameter"]["Value"] == "revision 2"
    configuration = aws("lambda").get_function_configuration(FunctionName="types")
    assert configuration["TracingConfig"]["Mode"] == "PassThrough"
    assert configuration["LoggingConfig"]["LogGroup"] == "/types/main"
    [home] = [system for system in homes(aws) if system["LifeCycleState"] == "available"]
    assert home["Encrypted"] is True
    run("destroy", "-auto-approve", "-no-color", "-input=false", "-refresh=false")
    assert resources(run) == []
    assert [arn for arn in tagged(aws, "types") if ":kms:" not in arn] == []  # keys are only scheduled for deletion
    assert homes(aws) == []


def homes(aws: Any) -> list[dict[str, Any]]:
    """File systems that Studio domains made."""
    systems = aws("efs").describe_file_systems()["FileSystems"]
    owner = "ManagedByAmazonSageMakerResource"
    return [system for system in systems if owner in [tag["Key"] for tag in system["Tags"]]]


def tagged(aws: Any, project: str) -> list[str]:
    """ARNs that still carry the project's tag, as an orphan audit would find them."""
    response = aws("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "project", "Values": [project]}])
    return [mapping["ResourceARN"] for mapping in response["ResourceTagMappingList"]]


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")
@pytest.mark.skipif(not JOBS_PYTHON.exists(), reason="the environment of the jobs is not installed")
def test_the_serving_types_are_created_updated_and_destroyed(terraform: Any, aws: Any) -> None:
    run = terraform("serving")
    run.apply(1)
    run.assert_clean(1)
    run.apply(2)
    run.assert_clean(2)
    endpoint = aws("sagemaker").describe_endpoint(EndpointName="serving")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "serving-2")
    run("destroy", "-auto-approve", "-no-color", "-input=false", "-refresh=false")
    assert resources(run) == []
    assert aws("sagemaker").list_endpoints(NameContains="serving")["Endpoints"] == []
    assert tagged(aws, "serving") == []
