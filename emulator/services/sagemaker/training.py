"""SageMaker training in script mode: download data, run the user's script, upload two archives.

The environment, the command line and the folders are those of the `sagemaker-training` toolkit, which runs inside
AWS's framework containers. The image itself is not run: its libraries are those of the jobs'
virtual environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core import opt_ml, processes
from emulator.core.archives import unpack
from emulator.core.aws import Aws, LogStream, ObjectsMissing, download_file, download_prefix, split_uri
from emulator.core.evidence import STORE, describe_exit
from emulator.core.folders import inside, of_name
from emulator.core.jobs import Exit, Job, Runs, Stopper
from emulator.services.sagemaker import libraries, script_mode

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
REASON_LIMIT = 1024


class TrainingFailed(Exception):
    """A failure with the message for the job's FailureReason."""


@dataclass(frozen=True)
class TrainingRequest:
    """The definition of a training job."""

    name: str
    arn: str
    region: str
    role_arn: str
    image: str
    hyperparameters: dict[str, str]
    channels: tuple[dict[str, Any], ...]
    output_uri: str
    metrics: tuple[tuple[str, str], ...]
    instance_type: str
    max_seconds: float
    variables: dict[str, str] = field(default_factory=dict)
    cause: str | None = None


@dataclass(frozen=True)
class Progress:
    """A status of a job, in the terms of DescribeTrainingJob."""

    secondary_status: str
    message: str
    failure_reason: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)


Report = Callable[[Progress], None]


class Training(Runs):
    """All running training jobs of this emulator."""

    def start(self, request: TrainingRequest, report: Report) -> None:
        """Start a job and return at once; `report` is called from its thread."""
        run = _Run(self._aws, request, report)
        self.begin(request.arn, run, run.execute, f"training-{request.name}")


class _Run(Stopper):
    """One job."""

    def __init__(self, aws: Aws, request: TrainingRequest, report: Report) -> None:
        super().__init__()
        self._aws, self.request, self._report = aws, request, report
        self._folders = script_mode.Folders(of_name(aws.settings.data_dir / "training", request.name))
        self._metrics: dict[str, float] = {}
        self._note: str | None = None
        self._patterns = [(name, re.compile(pattern)) for name, pattern in request.metrics]
        self._record = STORE.begin(
            "training", request.name, parent=request.cause, detail={"image": request.image, "needs_process": True}
        )

    def execute(self) -> None:
        try:
            ended = self._train()
        except (TrainingFailed, ClientError, BotoCoreError, OSError, tarfile.TarError, ValueError) as error:
            reason = str(error) if isinstance(error, TrainingFailed) else f"InternalServerError: {error}"
            self._fail(reason[:REASON_LIMIT], None)
            return
        if ended.stopped or ended.timed_out:
            status = "Stopped" if ended.stopped else "MaxRuntimeExceeded"
            STORE.fail(self._record.id, status, exit_code=ended.code)
            self._report(Progress(status, f"Training job {status}", metrics=self._metrics))
            return
        STORE.succeed(self._record.id, exit_code=ended.code, detail={"metrics": self._metrics})
        self._report(Progress("Completed", "Training job completed", metrics=self._metrics))

    def _fail(self, reason: str, exit_code: int | None) -> None:
        fields: dict[str, Any] = {} if exit_code is None else {"exit_code": exit_code}
        STORE.fail(self._record.id, reason, **fields)
        self._report(Progress("Failed", "Training job failed", failure_reason=reason, metrics=self._metrics))

    def _train(self) -> Exit:
        request = self.request
        credentials = self._aws.assume(request.role_arn, "SageMaker", service="sagemaker.amazonaws.com")
        STORE.lend_credentials(credentials.access_key_id, self._record.id)
        try:
            s3 = self._aws.client("s3", credentials, request.region)
            self._report(Progress("Downloading", "Downloading input data"))
            self._folders.make()
            self._download_channels(s3)
            program, arguments = self._download_source(s3)
            if self.requested.is_set():
                return Exit(0, timed_out=False, stopped=True, tail=())
            self._report(Progress("Training", "Training image download completed. Training in progress."))
            ended = self._run_script(program, arguments, credentials)
            if not (ended.succeeded or ended.stopped or ended.timed_out):
                STORE.update(self._record.id, exit_code=ended.code)
                raise TrainingFailed(_script_error(ended, program, arguments, self._note))
            self._report(Progress("Uploading", "Uploading generated training model"))
            self._upload(s3)
        finally:
            STORE.lend_credentials(credentials.access_key_id, None)
        return ended

    def _download_channels(self, s3: Any) -> None:
        for channel in self.request.channels:
            source = channel["DataSource"]["S3DataSource"]
            if source.get("S3DataType") != "S3Prefix":
                raise TrainingFailed(f"ClientError: S3DataType {source.get('S3DataType')} is not emulated locally")
            uri = source["S3Uri"]
            try:
                download_prefix(s3, uri, self._folders.channel(channel["ChannelName"]))
            except (ObjectsMissing, s3.exceptions.NoSuchBucket) as error:
                raise TrainingFailed(
                    f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure '
                    f"that the bucket exists in the selected region ({self.request.region}), that objects exist under "
                    f'that S3 prefix, and that the role "{self.request.role_arn}" has "s3:ListBucket" permissions.'
                ) from error

    def _download_source(self, s3: Any) -> tuple[str, list[str]]:
        """Unpack the source archive; return the entry point and its command line."""
        values = script_mode.decoded(self.request.hyperparameters)
        program, source = values.get("sagemaker_program"), values.get("sagemaker_submit_directory")
        if not program or not source:
            raise TrainingFailed(
                "AlgorithmError: the local emulator trains in script mode only: hyperparameters sagemaker_program "
                "and sagemaker_submit_directory are required"
            )
        try:
            archive = download_file(s3, str(source), self._folders.root / "sourcedir.tar.gz")
        except ClientError as error:
            raise TrainingFailed(f"AlgorithmError: cannot download {source}: {error}") from error
        unpack(archive, self._folders.code)
        entry_point = inside(self._folders.code, str(program))
        if not entry_point.is_file():
            raise TrainingFailed(f"AlgorithmError: {program} is not in {source}")
        if not script_mode.is_python(entry_point.name):
            entry_point.chmod(0o700)
        elif (self._folders.code / "setup.py").is_file():
            raise TrainingFailed(
                f"AlgorithmError: {source} has a setup.py: the toolkit would install it as a package, for which the "
                "local AWS has no build tools; leave it out, so that the entry point runs as a script"
            )
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        STORE.update(self._record.id, artifact_sha256=digest, detail={"source_sha256": digest})
        return str(program), script_mode.command_line(script_mode.of_script(values))

    def _install(self, program: str) -> Path:
        """Install the source's packages; return the interpreter that has them. Only Python entry points get any."""
        settings = self._aws.settings
        if not script_mode.is_python(program):
            return settings.jobs_python
        try:
            return libraries.of(settings).python(self._folders.code)
        except libraries.InstallationFailed as error:
            raise TrainingFailed(
                f"AlgorithmError: InstallRequirementsError:\nExitCode 1\nErrorMessage {json.dumps(str(error))}\n"
                f"Command {json.dumps(libraries.COMMAND)}, exit code: 1"
            ) from error

    def _run_script(self, program: str, arguments: list[str], credentials: processes.Credentials) -> Exit:
        request, python = self.request, self._install(program)
        self._note = opt_ml.note(self._folders.root, self._folders.code)
        variables = script_mode.environment(
            self._folders,
            job_name=request.name,
            job_arn=request.arn,
            instance_type=request.instance_type,
            channels=request.channels,
            hyperparameters=script_mode.decoded(request.hyperparameters),
            arguments=arguments,
        )
        env = processes.environment(
            endpoint=self._aws.settings.endpoint,
            region=request.region,
            home=self._folders.root,
            credentials=credentials,
            # A shell script's `python3` is the interpreter of jobs, too.
            extra={**variables, "PATH": f"{python.parent}:{os.environ.get('PATH', os.defpath)}", **request.variables},
        )
        job = Job(
            opt_ml.command(self._folders.root, script_mode.entry_point(python, program, arguments)),
            env=env,
            cwd=self._folders.code,
            log=LogStream(
                self._aws, LOG_GROUP, f"{request.name}/algo-1-{int(time.time())}", request.region, credentials
            ),
            on_line=self._match_metrics,
        )
        STORE.update(self._record.id, pid=job.process.pid)
        self.take(job)
        return job.run(request.max_seconds)

    def _match_metrics(self, line: str) -> None:
        """Collect metrics; the last value of each is the final one."""
        for name, pattern in self._patterns:
            match = pattern.search(line)
            if match:
                try:
                    self._metrics[name] = float(match[1])
                except (ValueError, IndexError):
                    continue  # not a number, or a pattern without a group: SageMaker emits no metric then

    def _upload(self, s3: Any) -> None:
        base = f"{self.request.output_uri.rstrip('/')}/{self.request.name}/output"
        model = _archive(self._folders.model, self._folders.root / "model.tar.gz")
        _put(s3, model, f"{base}/model.tar.gz")
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        STORE.update(self._record.id, artifact_sha256=digest, detail={"model_sha256": digest})
        if any(self._folders.output_data.iterdir()):
            output = _archive(self._folders.output_data, self._folders.root / "output.tar.gz")
            _put(s3, output, f"{base}/output.tar.gz")


def _script_error(ended: Exit, program: str, arguments: list[str], note: str | None) -> str:
    """Return the FailureReason as the training toolkit words it, and what may have caused it here alone."""
    more = f" ({note})" if note else ""
    if ended.code < 0:
        killed = f"AlgorithmError: the training process was {describe_exit(ended.code)}, exit code: {ended.code}"
        return f"{killed}{more}"[:REASON_LIMIT]
    command = json.dumps(" ".join(map(str, script_mode.entry_point(Path("python3"), program, arguments))))
    reason = (
        f"AlgorithmError: ExecuteUserScriptError:\nExitCode {ended.code}\nErrorMessage {json.dumps(ended.last_line)}"
    )
    return f"{reason}\nCommand {command}, exit code: {ended.code}{more}"[:REASON_LIMIT]


def _archive(folder: Path, target: Path) -> Path:
    with tarfile.open(target, "w:gz") as archive:
        for entry in sorted(folder.iterdir()):
            archive.add(entry, arcname=entry.name)
    return target


def _put(s3: Any, path: Path, uri: str) -> None:
    bucket, key = split_uri(uri)
    with path.open("rb") as stream:
        s3.put_object(Bucket=bucket, Key=key, Body=stream)
