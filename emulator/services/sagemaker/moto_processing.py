"""Processing jobs, executed. Moto reports them as completed at creation, and drops the instances."""

from __future__ import annotations

import threading
from typing import Any

from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.models import FakeProcessingJob
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.aws import Aws
from emulator.core.evidence import current_cause
from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.events import moto_service_events
from emulator.services.sagemaker import moto_jobs
from emulator.services.sagemaker.processing import End, Processing, ProcessingRequest

DEFAULT_MAX_SECONDS = 86_400


def apply(settings: Settings) -> None:
    processing = Processing(Aws(settings))

    @wrap(FakeProcessingJob, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.processing_job_status = "InProgress"
        self.processing_start_time = self.processing_end_time = None
        self.failure_reason = self.exit_message = None

    @wrap(SageMakerResponse, "create_processing_job")
    def create_processing_job(original: Any, self: Any) -> Any:
        name = moto_jobs.new_name(self, "processing", FakeProcessingJob)
        cluster = (self._get_param("ProcessingResources") or {}).get("ClusterConfig") or {}
        moto_jobs.check_instances(cluster, "ProcessingResources.ClusterConfig")
        answer = original(self)
        job = self.sagemaker_backend.processing_jobs[name]
        job.environment = self._get_param("Environment")
        job.processing_resources = self._get_param("ProcessingResources")
        moto_service_events.job(job, "processing")
        processing.start(_request(job, self.region), lambda: _started(job), lambda end: _ended(job, end))
        return answer

    @wrap(SageMakerResponse, "stop_processing_job")
    def stop_processing_job(original: Any, self: Any) -> Any:
        """Stop a job in progress; moto reports any job as stopped."""
        job = moto_jobs.stopping(self, "processing")
        moto_service_events.job(job, "processing")
        threading.Thread(target=processing.stop, args=(job.arn,), daemon=True).start()
        return EmptyResult()


def _request(job: Any, region: str) -> ProcessingRequest:
    specification = job.app_specification
    return ProcessingRequest(
        name=job.processing_job_name,
        arn=job.arn,
        region=region,
        role_arn=job.role_arn,
        image=specification.get("ImageUri", ""),
        entrypoint=tuple(specification.get("ContainerEntrypoint") or ()),
        arguments=tuple(specification.get("ContainerArguments") or ()),
        inputs=tuple(job.processing_inputs or ()),
        outputs=tuple((job.processing_output_config or {}).get("Outputs") or ()),
        cluster=dict((job.processing_resources or {}).get("ClusterConfig") or {}),
        max_seconds=float((job.stopping_condition or {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)),
        variables=dict(job.environment or {}),
        isolated=bool((job.network_config or {}).get("EnableNetworkIsolation")),
        cause=current_cause(),
    )


def _started(job: Any) -> None:
    job.processing_start_time = job.last_modified_time = utcnow()


def _ended(job: Any, end: End) -> None:
    """Update the job. The status is set last: a client that sees it sees the rest as well."""
    job.failure_reason, job.exit_message = end.failure_reason, end.exit_message
    job.processing_end_time = job.last_modified_time = utcnow()
    job.processing_job_status = end.status
    moto_service_events.job(job, "processing")
