"""The baseline of the deploy benchmark: what a shell loop over the stacks would do, with the plain provider.

For each stack in order `terraform init && terraform apply -auto-approve`, with the files that the
orchestrator rendered. What the loop would need besides is done outside its time: upstream outputs are put
into the values, and the model that a pipeline would have trained is uploaded.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.measure import environment, run

Json = dict[str, Any]
REGION = "us-east-1"
START_SECONDS = 60
COMMANDS = (
    "terraform -chdir=$ROOT init -input=false -no-color -backend-config=$BUILD/backend.hcl",
    "terraform -chdir=$ROOT apply -auto-approve -input=false -no-color -var-file=$BUILD/values.tfvars.json",
)


@dataclass(frozen=True)
class Local:
    """One emulator: its address, and its administrator's key."""

    endpoint: str
    access_key_id: str
    secret_access_key: str

    @classmethod
    def of(cls, data_dir: Path) -> Local:
        facts = json.loads((data_dir / "emulator.json").read_text(encoding="utf-8"))
        return cls(*(str(facts[name]) for name in ("endpoint", "access_key_id", "secret_access_key")))


def client(local: Local, service: str) -> Any:
    """Create an AWS client of one emulator, without other settings."""
    import boto3
    from botocore.config import Config

    return boto3.session.Session(region_name=REGION).client(
        service,
        endpoint_url=local.endpoint,
        aws_access_key_id=local.access_key_id,
        aws_secret_access_key=local.secret_access_key,
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )


@contextmanager
def emulator(checkout: Path, data_dir: Path, port: int) -> Iterator[Local]:
    """Start an empty emulator."""
    data_dir.mkdir(parents=True)
    command = [".venv/bin/python", "-m", "emulator", "serve", "--port", str(port), "--data-dir", str(data_dir)]
    with (data_dir / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--jobs-python", str(checkout / ".venv-jobs/bin/python")],
            cwd=checkout,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield _address(process, data_dir)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen[bytes], data_dir: Path) -> Local:
    import time

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        announced = data_dir / "emulator.json"
        if announced.exists():
            return Local.of(data_dir)
        time.sleep(0.1)
    process.kill()
    raise SystemExit(f"the emulator did not start:\n{(data_dir / 'log').read_text(errors='replace')[-2000:]}")


@dataclass(frozen=True)
class Model:
    """The model version that the blueprints of the first deployment use."""

    url: str
    body: bytes

    @classmethod
    def of(cls, values: Mapping[str, Json], local: Local) -> Model | None:
        """Fetch what the values of some stack name; `None` if none needs a model."""
        urls = {each["model_version"]["model_data_url"] for each in values.values() if "model_version" in each}
        if not urls:
            return None
        [url] = urls
        body = client(local, "s3").get_object(**_place(url))["Body"].read()
        return cls(url, body)

    def upload(self, local: Local) -> None:
        client(local, "s3").put_object(**_place(self.url), Body=self.body)


def _place(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}


@dataclass(frozen=True)
class StackTime:
    init: float
    apply: float
    said: str

    @property
    def total(self) -> float:
        return self.init + self.apply


class Loop:
    """The loop over one emulator.

    Args:
        checkout: has been deployed from before, so that its `build/local` holds the rendered files.
        scratch: where the loop keeps its own values and data directories.
        local: an empty emulator.
        stacks: as `orchestrator graph local --json` prints them.
    """

    def __init__(self, checkout: Path, scratch: Path, local: Local, stacks: list[Json]) -> None:
        self._checkout, self._scratch, self._local, self._stacks = checkout, scratch, local, stacks
        self.states: dict[str, Json] = {}
        self._bucket = _setting(checkout / "build/local" / stacks[0]["name"] / "backend.hcl", "bucket")
        s3 = client(local, "s3")
        s3.create_bucket(Bucket=self._bucket)
        s3.put_bucket_versioning(Bucket=self._bucket, VersioningConfiguration={"Status": "Enabled"})
        self._key_arn = client(local, "kms").create_key()["KeyMetadata"]["Arn"]

    def once(self, model: Model | None) -> dict[str, StackTime]:
        """Run one pass over all stacks."""
        times = {}
        for stack in self._stacks:
            build = self._prepare(stack, model)
            times[stack["name"]] = self._init_and_apply(stack, build)
            self.states[stack["name"]] = self._state(stack["name"])
        return times

    def _prepare(self, stack: Json, model: Model | None) -> Path:
        rendered = self._checkout / "build/local" / stack["name"]
        build: Path = self._scratch / stack["name"]
        build.mkdir(exist_ok=True)
        values = json.loads((rendered / "values.tfvars.json").read_text(encoding="utf-8"))
        (build / "values.tfvars.json").write_text(
            json.dumps(with_upstream(values, stack["upstream"], self.states)), encoding="utf-8"
        )
        backend = (rendered / "backend.hcl").read_text(encoding="utf-8")
        # The key of the states is another one here, as it would be in another account.
        backend = re.sub(r"^(kms_key_id\s*= ).*$", rf'\g<1>"{self._key_arn}"', backend, flags=re.MULTILINE)
        (build / "backend.hcl").write_text(backend, encoding="utf-8")
        if model is not None and "model_version" in values:
            model.upload(self._local)
        return build

    def _init_and_apply(self, stack: Json, build: Path) -> StackTime:
        root = self._checkout / (stack["root"] or f"build/local/{stack['name']}/root")
        env = environment(
            AWS_ACCESS_KEY_ID=self._local.access_key_id,
            AWS_SECRET_ACCESS_KEY=self._local.secret_access_key,
            AWS_REGION=REGION,
            AWS_ENDPOINT_URL=self._local.endpoint,
            AWS_EC2_METADATA_DISABLED="true",
            AWS_CONFIG_FILE=os.devnull,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
            TF_CLI_CONFIG_FILE=str(self._checkout / ".tools/terraform.rc"),
            TF_DATA_DIR=str(build / "terraform"),
            CHECKPOINT_DISABLE="1",
        )
        words = {"terraform": str(self._checkout / ".tools/bin/terraform"), "$ROOT": str(root), "$BUILD": str(build)}
        init, apply = (run(_filled(command, words), cwd=self._checkout, env=env) for command in COMMANDS)
        return StackTime(init.seconds, apply.seconds, apply.stdout)

    def _state(self, stack: str) -> Json:
        body = client(self._local, "s3").get_object(Bucket=self._bucket, Key=f"{stack}.tfstate")["Body"].read()
        state: Json = json.loads(body)
        return state


def with_upstream(values: Json, upstream: Iterable[str], states: Mapping[str, Json]) -> Json:
    """Return the rendered values, with the outputs of this deployment in place of the other one's.

    A section of the configuration can have the name of a stack (`data`), so only what is upstream is replaced.
    """
    return {**values, **{name: states[name]["outputs"][name]["value"] for name in upstream}}


def _filled(command: str, words: Mapping[str, str]) -> list[str]:
    first, *rest = command.split()
    filled = [words[first]]
    for word in rest:
        for name, value in words.items():
            if name.startswith("$"):
                word = word.replace(name, value)
        filled.append(word)
    return filled


def _setting(file: Path, name: str) -> str:
    for line in file.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == name:
            return value.strip().strip('"')
    raise SystemExit(f"{file} has no setting `{name}`")
