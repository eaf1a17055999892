"""Glue job runs: execute the job's script under its role with its arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from emulator.core import processes
from emulator.core.aws import LogStream, download_file, split_uri
from emulator.core.evidence import STORE, describe_exit
from emulator.core.folders import inside
from emulator.core.jobs import Exit, Job, Runs, Stopper

LOG_GROUPS = {"glueetl": "/aws-glue/jobs", "pythonshell": "/aws-glue/python-jobs"}
SPARK = "glueetl"
IMPORTABLE = (".zip", ".whl", ".egg")

Report = Callable[[str, str | None], None]
"""Callback for each new JobRunState, with the error message if the run failed."""


@dataclass(frozen=True)
class JobRun:
    """What one run is made from. `arguments` are the job's defaults merged with those of the run."""

    job_name: str
    run_id: str
    role_arn: str
    region: str
    script_uri: str
    command: str
    arguments: dict[str, str]
    timeout_seconds: float
    cause: str | None
    dpus: float | None = None
    """Where the job says so."""

    @property
    def priority(self) -> list[str]:
        """Return the command's prefix: a job with a share of a machine must not slow down one with all of it."""
        return ["nice", "-n", "10"] if self.dpus is not None and self.dpus < 1 else []


class GlueJobs(Runs):
    """All running jobs of this emulator."""

    def start(self, run: JobRun, report: Report) -> None:
        """Start a run and return at once; `report` is called from its thread."""
        detail: dict[str, object] = {"run_id": run.run_id, "needs_process": True, "command": run.command}
        if run.command == SPARK:
            # Glue's library is not installed: a script that imports it does without it or fails.
            detail["engine"] = "one Python process, with neither Spark nor Glue's library"
        record = STORE.begin("glue-job", run.job_name, parent=run.cause, detail=detail)
        stopper = Stopper()
        work = partial(self._run, run, report, record.id, stopper)
        self.begin(run.run_id, stopper, work, f"glue-{run.run_id}")

    def _run(self, run: JobRun, report: Report, evidence_id: str, stopper: Stopper) -> None:
        try:
            job, credentials = self._launch(run, evidence_id)
        except (ClientError, OSError, ValueError) as error:
            STORE.fail(evidence_id, str(error))
            report("FAILED", f"{type(error).__name__}: {error}")
            return
        report("RUNNING", None)
        stopper.take(job)
        ended = job.run(run.timeout_seconds)
        STORE.lend_credentials(credentials.access_key_id, None)
        _conclude(ended, report, evidence_id)

    def _launch(self, run: JobRun, evidence_id: str) -> tuple[Job, processes.Credentials]:
        folder = self._aws.settings.data_dir / "glue" / run.run_id
        folder.mkdir(parents=True, exist_ok=True)
        credentials = self._aws.assume(
            run.role_arn, f"GlueJobRunnerSession-{run.run_id[:32]}", service="glue.amazonaws.com"
        )
        STORE.lend_credentials(credentials.access_key_id, evidence_id)
        s3 = self._aws.client("s3", credentials, run.region)
        script = download_file(s3, run.script_uri, inside(folder, _file_name(run.script_uri)))
        digest = hashlib.sha256(script.read_bytes()).hexdigest()
        path = _extra_files(s3, run.arguments, folder)
        env = processes.environment(
            endpoint=self._aws.settings.endpoint,
            region=run.region,
            home=folder,
            credentials=credentials,
            extra={"PYTHONPATH": ":".join(path), "GLUE_PYTHON_VERSION": "3"},
        )
        arguments = {**run.arguments, "--JOB_NAME": run.job_name, "--JOB_ID": run.job_name, "--JOB_RUN_ID": run.run_id}
        job = Job(
            [
                *run.priority,
                self._aws.settings.jobs_python,
                script,
                *(part for pair in arguments.items() for part in pair),
            ],
            env=env,
            cwd=folder,
            log=LogStream(self._aws, f"{LOG_GROUPS[run.command]}/output", run.run_id, run.region, credentials),
        )
        STORE.update(evidence_id, pid=job.process.pid, artifact_sha256=digest)
        return job, credentials


def _extra_files(s3: object, arguments: dict[str, str], folder: Path) -> list[str]:
    """Download what the special arguments name: modules for the import path, data files for the working folder."""
    path: list[str] = []
    for uri in _uris(arguments.get("--extra-py-files")):
        local = download_file(s3, uri, inside(folder / "extra", _file_name(uri)))
        entry = str(local) if local.suffix in IMPORTABLE else str(local.parent)
        if entry not in path:
            path.append(entry)
    for uri in _uris(arguments.get("--extra-files")):
        download_file(s3, uri, inside(folder, _file_name(uri)))
    return path


def _file_name(uri: str) -> str:
    return split_uri(uri)[1].rsplit("/", 1)[-1]


def _uris(value: str | None) -> list[str]:
    return [uri.strip() for uri in (value or "").split(",") if uri.strip()]


def _conclude(ended: Exit, report: Report, evidence_id: str) -> None:
    if ended.succeeded:
        STORE.succeed(evidence_id, exit_code=ended.code)
        report("SUCCEEDED", None)
    elif ended.stopped:
        STORE.fail(evidence_id, "stopped on request", exit_code=ended.code)
        report("STOPPED", None)
    elif ended.timed_out:
        STORE.fail(evidence_id, "timed out", exit_code=ended.code)
        report("TIMEOUT", "Job run exceeded its timeout")
    else:
        message = f"Command failed with {describe_exit(ended.code)}: {ended.last_line}"
        STORE.fail(evidence_id, message, exit_code=ended.code)
        report("FAILED", message)
