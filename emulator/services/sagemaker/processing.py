"""SageMaker processing: download inputs, run the user's program, upload outputs.

The image itself is not run: its libraries are those of the jobs' virtual environment, and its entry point must be
Python. The container's `/opt/ml/...` is below a folder of the job: arguments and variables that name such a path are
rewritten, and a program that names it itself sees the folder there, where the machine permits that.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core import opt_ml, processes
from emulator.core.aws import Aws, LogStream, ObjectsMissing, download_prefix, split_uri
from emulator.core.evidence import STORE, describe_exit
from emulator.core.folders import OutsideFolder, inside, of_name
from emulator.core.jobs import Exit, Job, Runs, Stopper

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
CONTAINER = "/opt/ml/"
MESSAGE = "output/message"
"""Where a container writes its exit message."""
MESSAGE_LIMIT = 1024
PYTHON = ("python", "python3")


class ProcessingFailed(Exception):
    """A failure with the message for the job's FailureReason."""


@dataclass(frozen=True)
class ProcessingRequest:
    """A processing job, in the terms of CreateProcessingJob."""

    name: str
    arn: str
    region: str
    role_arn: str
    image: str
    entrypoint: tuple[str, ...]
    arguments: tuple[str, ...]
    inputs: tuple[dict[str, Any], ...]
    outputs: tuple[dict[str, Any], ...]
    cluster: dict[str, Any]
    max_seconds: float
    variables: dict[str, str] = field(default_factory=dict)
    isolated: bool = False
    """Whether the container has no network, and so neither credentials nor AWS."""
    cause: str | None = None


@dataclass(frozen=True)
class End:
    """The end of a job, in the terms of DescribeProcessingJob."""

    status: str
    failure_reason: str | None = None
    exit_message: str | None = None


class Processing(Runs):
    """All running processing jobs of this emulator."""

    def start(self, request: ProcessingRequest, started: Callable[[], None], ended: Callable[[End], None]) -> None:
        """Start a job and return at once; the callbacks are called from its thread."""
        run = _Run(self._aws, request, started)
        self.begin(request.arn, run, lambda: ended(run.execute()), f"processing-{request.name}")


class _Run(Stopper):
    """One job."""

    def __init__(self, aws: Aws, request: ProcessingRequest, started: Callable[[], None]) -> None:
        super().__init__()
        self._aws, self.request, self._started = aws, request, started
        self._root = of_name(aws.settings.data_dir / "processing", request.name)
        self._record = STORE.begin(
            "processing", request.name, parent=request.cause, detail={"image": request.image, "needs_process": True}
        )

    def execute(self) -> End:
        try:
            done = self._process()
        except (ProcessingFailed, ClientError, BotoCoreError, OSError, ValueError) as error:
            reason = str(error) if isinstance(error, ProcessingFailed) else f"InternalServerError: {error}"
            STORE.fail(self._record.id, reason)
            return End("Failed", reason[:MESSAGE_LIMIT], self._message())
        if done.stopped or done.timed_out:
            failure = None if done.stopped else "ClientError: the job ran longer than MaxRuntimeInSeconds"
            STORE.fail(self._record.id, failure or "stopped on request", exit_code=done.code)
            return End("Stopped", failure, self._message())
        STORE.succeed(self._record.id, exit_code=done.code)
        return End("Completed", None, self._message())

    def _process(self) -> Exit:
        request = self.request
        program = self._program()
        credentials = self._aws.assume(request.role_arn, "SageMaker", service="sagemaker.amazonaws.com")
        STORE.lend_credentials(credentials.access_key_id, self._record.id)
        try:
            s3 = self._aws.client("s3", credentials, request.region)
            self._make_folders()
            for each in request.inputs:
                self._download(s3, each)
            if self.requested.is_set():
                return Exit(0, timed_out=False, stopped=True, tail=())
            done = self._run(program, credentials)
            if not (done.succeeded or done.stopped or done.timed_out):
                STORE.update(self._record.id, exit_code=done.code)
                raise ProcessingFailed(_reason(done))
            if done.succeeded:
                self._upload(s3)
        finally:
            STORE.lend_credentials(credentials.access_key_id, None)
        return done

    def _program(self) -> list[str]:
        """Return the command line, with this machine's Python instead of the image's."""
        first, *rest = self.request.entrypoint or ("",)
        if PurePosixPath(first).name not in PYTHON or not rest:
            raise ProcessingFailed(
                "AlgorithmError: the local emulator runs Python programs only: ContainerEntrypoint must be python3 and "
                f"a file, not {json.dumps(list(self.request.entrypoint))}"
            )
        return [self._mapped(each) for each in (*rest, *self.request.arguments)]

    def _mapped(self, text: str) -> str:
        return text.replace(CONTAINER, f"{self._root}/")

    def _local(self, path: str) -> Path:
        try:
            if not path.startswith(CONTAINER):
                raise OutsideFolder(path)
            return inside(self._root, path.removeprefix(CONTAINER))
        except OutsideFolder as error:
            raise ProcessingFailed(f"ClientError: LocalPath {path} is not below {CONTAINER}processing") from error

    def _make_folders(self) -> None:
        """Make empty folders, even if a job of the same name left some in an earlier run of the emulator."""
        shutil.rmtree(self._root, ignore_errors=True)
        for folder in (self._root / "config", self._root / "output", self._root / "processing"):
            folder.mkdir(parents=True)
        for each in self.request.outputs:
            self._local(each["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        documents = {
            "processingjobconfig.json": {
                "ProcessingJobName": self.request.name,
                "ProcessingInputs": list(self.request.inputs),
                "Environment": self.request.variables,
            },
            "resourceconfig.json": {"current_host": "algo-1", "hosts": ["algo-1"]},
        }
        for name, document in documents.items():
            (self._root / "config" / name).write_text(json.dumps(document))

    def _download(self, s3: Any, each: dict[str, Any]) -> None:
        source = each.get("S3Input")
        if not source or source.get("S3DataType") != "S3Prefix" or source.get("S3InputMode", "File") != "File":
            raise ProcessingFailed(
                f"ClientError: input {each['InputName']} must be an S3Prefix in File mode; no other is emulated"
            )
        uri = source["S3Uri"]
        try:
            download_prefix(s3, uri, self._local(source["LocalPath"]))
        except (ObjectsMissing, s3.exceptions.NoSuchBucket) as error:
            raise ProcessingFailed(
                f"ClientError: No S3 objects found under S3 URL {uri!r} given in input {each['InputName']}, or the "
                f"role {self.request.role_arn} may not list them"
            ) from error

    def _run(self, program: list[str], credentials: processes.Credentials) -> Exit:
        request = self.request
        script = Path(program[0])
        if script.is_file():
            STORE.update(self._record.id, artifact_sha256=hashlib.sha256(script.read_bytes()).hexdigest())
        env = processes.environment(
            endpoint=self._aws.settings.endpoint,
            region=request.region,
            home=self._root,
            credentials=credentials,
            extra={
                "PROCESSING_JOB_NAME": request.name,
                **{name: self._mapped(value) for name, value in request.variables.items()},
            },
        )
        if request.isolated:
            env = {name: value for name, value in env.items() if name not in processes.ACCESS}
        stream = f"{request.name}/algo-1-{int(time.time())}"
        job = Job(
            opt_ml.command(self._root, [self._aws.settings.jobs_python, *program]),
            env=env,
            cwd=self._root,
            log=LogStream(self._aws, LOG_GROUP, stream, request.region, credentials),
        )
        STORE.update(self._record.id, pid=job.process.pid)
        self._started()
        self.take(job)
        return job.run(request.max_seconds)

    def _upload(self, s3: Any) -> None:
        for each in self.request.outputs:
            target = each["S3Output"]
            bucket, prefix = split_uri(target["S3Uri"])
            folder = self._local(target["LocalPath"])
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                key = "/".join(part for part in (prefix.rstrip("/"), file.relative_to(folder).as_posix()) if part)
                with file.open("rb") as stream:
                    s3.put_object(Bucket=bucket, Key=key, Body=stream)

    def _message(self) -> str | None:
        file = self._root / MESSAGE
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        return text[:MESSAGE_LIMIT] or None


def _reason(done: Exit) -> str:
    if done.code < 0:
        return f"AlgorithmError: the process was {describe_exit(done.code)}, exit code: {done.code}"
    return f"AlgorithmError: {done.last_line or 'See job logs for more information'}, exit code: {done.code}"
