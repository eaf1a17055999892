"""Glue crawls: a process reads the objects of the targets and writes tables to the catalogue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from emulator.core import processes
from emulator.core.aws import LogStream
from emulator.core.evidence import STORE, describe_exit
from emulator.core.jobs import Exit, Job, Runs, Stopper

PROGRAM = Path(__file__).parents[2] / "runtime" / "crawler.py"
LOG_GROUP = "/aws-glue/crawlers"
TIMEOUT_SECONDS = 3600.0
ERROR_MARK = "ERROR : "

Report = Callable[[str, str | None], None]
"""Called once, with COMPLETED, FAILED or STOPPED and the error message."""


@dataclass(frozen=True)
class Crawl:
    """One run of a crawler."""

    crawler_name: str
    crawl_id: str
    role_arn: str
    region: str
    database_name: str
    s3_targets: tuple[dict[str, object], ...]
    table_prefix: str
    update_behavior: str
    cause: str | None


class Crawlers(Runs):
    """All running crawls of this emulator."""

    def start(self, crawl: Crawl, report: Report) -> None:
        """Start a crawl and return at once; `report` is called from its thread."""
        record = STORE.begin(
            "glue-crawler",
            crawl.crawler_name,
            parent=crawl.cause,
            detail={"crawl_id": crawl.crawl_id, "needs_process": True},
        )
        stopper = Stopper()
        work = partial(self._run, crawl, report, record.id, stopper)
        self.begin(crawl.crawl_id, stopper, work, f"crawl-{crawl.crawler_name}")

    def _run(self, crawl: Crawl, report: Report, evidence_id: str, stopper: Stopper) -> None:
        try:
            job, credentials = self._launch(crawl, evidence_id)
        except (ClientError, OSError) as error:
            STORE.fail(evidence_id, str(error))
            report("FAILED", str(error))
            return
        stopper.take(job)
        ended = job.run(TIMEOUT_SECONDS)
        STORE.lend_credentials(credentials.access_key_id, None)
        _conclude(ended, report, evidence_id)

    def _launch(self, crawl: Crawl, evidence_id: str) -> tuple[Job, processes.Credentials]:
        folder = self._aws.settings.data_dir / "crawls" / crawl.crawl_id
        folder.mkdir(parents=True, exist_ok=True)
        credentials = self._aws.assume(crawl.role_arn, "AWS-Crawler", service="glue.amazonaws.com")
        STORE.lend_credentials(credentials.access_key_id, evidence_id)
        request = {name: value for name, value in asdict(crawl).items() if name not in ("role_arn", "cause")}
        (folder / "crawl.json").write_text(json.dumps(request))
        env = processes.environment(
            endpoint=self._aws.settings.endpoint, region=crawl.region, home=folder, credentials=credentials
        )
        job = Job(
            [self._aws.settings.jobs_python, PROGRAM, folder / "crawl.json"],
            env=env,
            cwd=folder,
            log=LogStream(self._aws, LOG_GROUP, crawl.crawler_name, crawl.region, credentials),
        )
        digest = hashlib.sha256(PROGRAM.read_bytes()).hexdigest()
        STORE.update(evidence_id, pid=job.process.pid, artifact_sha256=digest)
        return job, credentials


def _conclude(ended: Exit, report: Report, evidence_id: str) -> None:
    if ended.succeeded:
        STORE.succeed(evidence_id, exit_code=ended.code, detail={"summary": ended.last_line})
        report("COMPLETED", None)
    elif ended.stopped:
        STORE.fail(evidence_id, "stopped on request", exit_code=ended.code)
        report("STOPPED", None)
    else:
        marked = ended.last_line.partition(ERROR_MARK)[2]
        message = marked or f"Internal Service Exception: {describe_exit(ended.code)}: {ended.last_line}"
        STORE.fail(evidence_id, message, exit_code=ended.code)
        report("FAILED", message)
