"""Glue crawlers and jobs, executed. Moto only advances their states."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.glue import models
from moto.glue.models import FakeCrawl, FakeCrawler, FakeJob, FakeJobRun
from moto.glue.responses import GlueResponse

from emulator.core.aws import Aws
from emulator.core.evidence import current_cause
from emulator.core.settings import Settings
from emulator.moto.patching import add, replace, wrap
from emulator.moto.status import ProcessStatus
from emulator.services.events import moto_service_events
from emulator.services.glue.crawler import Crawl, Crawlers
from emulator.services.glue.glue import LOG_GROUPS, GlueJobs, JobRun

ACTIVE = ("STARTING", "RUNNING", "STOPPING")
DEFAULT_TIMEOUT_MINUTES = 2880
CRAWL_RESULT = {"COMPLETED": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELLED"}
"""States of GetCrawler by those of ListCrawls, which names them differently."""


def apply(settings: Settings) -> None:
    aws = Aws(settings)
    replace(models, "FakeJobRun", RealJobRun)
    replace(models, "FakeCrawl", RealCrawl)
    _jobs(aws)
    _crawlers(aws)


class RealJobRun(ProcessStatus, FakeJobRun):
    """A run whose state follows its process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._state = "STARTING"
        self.error_message: str | None = None
        self.glue_version: str | None = None
        self.command = "pythonshell"
        super().__init__(*args, **kwargs)

    def report(self, state: str, error_message: str | None) -> None:
        self.modified_on = self.completed_on = utcnow()
        self.error_message = error_message
        self._state = state

    def as_dict(self) -> dict[str, Any]:
        document = super().as_dict()
        ended = self._state not in ACTIVE
        document["ExecutionTime"] = int(((self.completed_on if ended else utcnow()) - self.started_on).total_seconds())
        document["LogGroupName"] = LOG_GROUPS[self.command]
        document["GlueVersion"] = self.glue_version
        document["ErrorMessage"] = self.error_message
        if not ended:
            document["CompletedOn"] = None
        return {name: value for name, value in document.items() if value is not None}


def _jobs(aws: Aws) -> None:
    running = GlueJobs(aws)

    @wrap(FakeJob, "start_job_run")
    def start_job_run(original: Any, self: Any, *args: Any, **kwargs: Any) -> str:
        run_id = original(self, *args, **kwargs)
        run = next(run for run in self.job_runs if run.job_run_id == run_id)
        run.glue_version = self.glue_version
        run.command = _command(self)
        backend = self.backend

        def report(state: str, error: str | None) -> None:
            run.report(state, error)
            if state not in ACTIVE:
                moto_service_events.job_run(backend.account_id, backend.region_name, self.name, run_id, state, error)

        running.start(_job_run(aws, self, run), report)
        return str(run_id)

    @add(GlueResponse)
    def batch_stop_job_run(self: Any) -> Any:
        name = self.parameters["JobName"]
        job = self.glue_backend.get_job(name)
        stopped: list[dict[str, str]] = []
        errors: list[dict[str, Any]] = []
        for run_id in self.parameters["JobRunIds"]:
            run = next((run for run in job.job_runs if run.job_run_id == run_id), None)
            if run is not None and run.status in ACTIVE:
                run.status = "STOPPING"
                _in_thread(lambda run_id=run_id: running.stop(run_id))
                stopped.append({"JobName": name, "JobRunId": run_id})
            else:
                code = "JobRunNotInValidStateException" if run else "JobRunNotFoundException"
                detail = {"ErrorCode": code, "ErrorMessage": f"Job run {run_id} is not running"}
                errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})


def _command(job: Any) -> str:
    """Return the kind of a job; raise `NotImplementedError` for one that is not emulated."""
    name = str(job.command.get("Name", "glueetl"))
    if name not in LOG_GROUPS:
        raise NotImplementedError(f"Glue jobs of kind {name}")
    return name


def _job_run(aws: Aws, job: Any, run: Any) -> JobRun:
    return JobRun(
        job_name=job.name,
        run_id=run.job_run_id,
        role_arn=aws.role_arn(job.role),
        region=job.backend.region_name,
        script_uri=job.command["ScriptLocation"],
        command=_command(job),
        arguments={name: str(value) for name, value in (run.arguments or {}).items()},
        timeout_seconds=60.0 * (run.timeout or DEFAULT_TIMEOUT_MINUTES),
        cause=current_cause(),
        dpus=float(job.max_capacity) if job.max_capacity else None,
    )


class RealCrawl(ProcessStatus, FakeCrawl):
    """A crawl whose state follows its process."""

    def __init__(self, crawler_name: str) -> None:
        self._state = "RUNNING"
        self.error_message: str | None = None
        super().__init__(crawler_name)
        # Moto reports a hundred DPU hours for every crawl.
        self.dpu_hour = 0

    def report(self, state: str, error_message: str | None) -> None:
        self.end_time: datetime | None = utcnow()
        self.error_message = error_message
        self._state = state


def _crawlers(aws: Aws) -> None:
    running = Crawlers(aws)

    @wrap(FakeCrawler, "start_crawler")
    def start_crawler(original: Any, self: Any) -> None:
        original(self)
        crawl = self.crawls[-1]
        began, account, region = utcnow(), self.backend.account_id, self.backend.region_name

        def report(state: str, error: str | None) -> None:
            crawl.report(state, error)
            seconds = (utcnow() - began).total_seconds()
            moto_service_events.crawl(account, region, self.name, state, seconds, error)

        moto_service_events.crawl(account, region, self.name, "RUNNING", 0, None)
        running.start(_crawl(aws, self, crawl), report)

    @wrap(FakeCrawler, "stop_crawler")
    def stop_crawler(original: Any, self: Any) -> None:
        original(self)
        _in_thread(lambda: running.stop(self.crawls[-1].crawl_id))

    @wrap(FakeCrawler, "as_dict")
    def as_dict(original: Any, self: Any) -> dict[str, Any]:
        document: dict[str, Any] = original(self)
        # LastCrawl is the last one that ended; moto shows the running one, in a state that AWS does not have.
        document.pop("LastCrawl", None)
        ended = next((crawl for crawl in reversed(self.crawls) if crawl.status in CRAWL_RESULT), None)
        if ended:
            last = {
                "Status": CRAWL_RESULT[ended.status],
                "ErrorMessage": ended.error_message,
                "LogGroup": ended.log_group,
                "LogStream": ended.log_stream,
                "MessagePrefix": ended.message_prefix,
                "StartTime": ended.start_time,
            }
            document["LastCrawl"] = {name: value for name, value in last.items() if value is not None}
        return document


def _crawl(aws: Aws, crawler: Any, crawl: Any) -> Crawl:
    policy = crawler.schema_change_policy or {}
    return Crawl(
        crawler_name=crawler.name,
        crawl_id=crawl.crawl_id,
        role_arn=aws.role_arn(crawler.role),
        region=crawler.backend.region_name,
        database_name=crawler.database_name or "default",
        s3_targets=tuple(crawler.targets.get("S3Targets") or ()),
        table_prefix=crawler.table_prefix or "",
        update_behavior=policy.get("UpdateBehavior") or "UPDATE_IN_DATABASE",
        cause=current_cause(),
    )


def _in_thread(work: Any) -> None:
    """Stop in a thread: stopping waits for the process, and the API call must not."""
    threading.Thread(target=work, daemon=True).start()
