"""Batch transform, executed. Moto reports jobs as completed at creation, and has no StopTransformJob."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeTransformJob
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, current_cause
from emulator.core.settings import Settings
from emulator.faults import store
from emulator.moto.patching import add, wrap
from emulator.services.events import moto_service_events
from emulator.services.sagemaker import moto_hosting_plan, moto_jobs
from emulator.services.sagemaker.model_server import Answer, Request
from emulator.services.sagemaker.transform import End, TransformRequest, Transforms
from emulator.services.sagemaker.transform_records import DataProcessing

FAULTS = ("container-error", "worker-dies")
ACTION = "CreateTransformJob"
SPLITS = ("None", "Line")
"""Supported split types; RecordIO and TFRecord are not emulated."""
GIVEN = (
    "BatchStrategy",
    "DataProcessing",
    "Environment",
    "MaxConcurrentTransforms",
    "MaxPayloadInMB",
    "ModelClientConfig",
)


def apply(settings: Settings) -> None:
    transforms = Transforms(Aws(settings))

    @wrap(FakeTransformJob, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.transform_job_status = "InProgress"
        self.transform_start_time = self.transform_end_time = None
        self.failure_reason = self.labeling_job_arn = self.auto_ml_job_arn = None

    @wrap(SageMakerResponse, "create_transform_job")
    def create_transform_job(original: Any, self: Any) -> Any:
        name, backend = moto_jobs.new_name(self, "transform", FakeTransformJob), self.sagemaker_backend
        request = _request(self, backend)
        answer = original(self)
        job = backend.transform_jobs[name]
        moto_service_events.job(job, "transform")
        for fault in store.STORE.hits("sagemaker", ACTION, [name, request.model.name], ["job-fails"]):
            store.record_hit(fault, "sagemaker", ACTION, name, current_cause())
            _ended(job, End("Failed", "InternalServerError: We encountered an internal error. Please try again."))
            return answer
        job.emulator_evidence = transforms.start(
            request, lambda: _started(job), lambda end: _ended(job, end), lambda each: _inject(name, request, each)
        )
        return answer

    @wrap(SageMakerResponse, "describe_transform_job")
    def describe_transform_job(original: Any, self: Any) -> Any:
        job = dict(original(self).result)
        evidence = getattr(self.sagemaker_backend.transform_jobs[job["TransformJobName"]], "emulator_evidence", None)
        if evidence:
            self.response_headers.update(STORE.headers(evidence))
        return ActionResult({key: value for key, value in job.items() if value not in (None, "")})

    @add(SageMakerResponse)
    def stop_transform_job(self: Any) -> Any:
        job = moto_jobs.stopping(self, "transform")
        moto_service_events.job(job, "transform")
        transforms.stop(job.arn)
        return EmptyResult()


def _request(response: Any, backend: Any) -> TransformRequest:
    """Return the job request. Raise `ValidationError` if it is not valid."""
    given = {name: response._get_param(name) for name in GIVEN}
    source, target = response._get_param("TransformInput"), response._get_param("TransformOutput")
    model_name, name = response._get_param("ModelName"), response._get_param("TransformJobName")
    if model_name not in backend._models:
        arn = f"arn:aws:sagemaker:{response.region}:{response.current_account}:model/{model_name}"
        raise ValidationError(message=f'Could not find model "{arn}".')
    model = moto_hosting_plan.model_of(backend, model_name)
    where, split_type = source["DataSource"]["S3DataSource"], source.get("SplitType") or "None"
    client, processing = given["ModelClientConfig"] or {}, given["DataProcessing"] or {}
    strategy = given["BatchStrategy"] or "MultiRecord"
    concurrency, most = int(given["MaxConcurrentTransforms"] or 1), given["MaxPayloadInMB"]
    wrong = _wrong(model, where["S3DataType"], split_type, concurrency, most)
    if wrong or model is None:
        raise ValidationError(message=str(wrong))
    return TransformRequest(
        name=name,
        arn=FakeTransformJob.arn_formatter(name, response.current_account, response.region),
        region=response.region,
        model=model,
        data_type=where["S3DataType"],
        input_uri=where["S3Uri"],
        output_uri=target["S3OutputPath"],
        content_type=source.get("ContentType") or "",
        accept=target.get("Accept") or "",
        compression=source.get("CompressionType") or "None",
        split_type=split_type,
        # Without records there is nothing to combine in one request.
        strategy="SingleRecord" if split_type == "None" else strategy,
        assemble_with=target.get("AssembleWith") or "None",
        kms_key_id=target.get("KmsKeyId"),
        most_megabytes=6 if most is None else int(most),
        concurrency=concurrency,
        timeout_seconds=float(client.get("InvocationsTimeoutInSeconds") or 600),
        retries=int(client["InvocationsMaxRetries"] if client.get("InvocationsMaxRetries") is not None else 3),
        processing=DataProcessing(
            processing.get("InputFilter") or "$",
            processing.get("OutputFilter") or "$",
            processing.get("JoinSource") == "Input",
        ),
        variables=dict(given["Environment"] or {}),
        cause=current_cause(),
    )


def _wrong(model: Any, data_type: str, split_type: str, concurrency: int, most: Any) -> str | None:
    if model is None:
        return "The local emulator transforms with models of one container only."
    if data_type not in ("S3Prefix", "ManifestFile"):
        return f"S3DataType must be S3Prefix or ManifestFile, received {data_type}."
    if split_type not in SPLITS:
        return f"The local emulator splits by {' or '.join(SPLITS)} only, received SplitType {split_type}."
    if most is not None and int(most) > 100:
        return f"MaxPayloadInMB must be at most 100, received {most}."
    if most is not None and concurrency * int(most) > 100:
        return f"MaxConcurrentTransforms * MaxPayloadInMB must be at most 100, received {concurrency} * {most}."
    return None


def _inject(name: str, job: TransformRequest, request: Request) -> Request | Answer:
    for fault in store.STORE.hits("sagemaker", ACTION, [name, job.model.name], FAULTS):
        store.record_hit(fault, "sagemaker", ACTION, name, current_cause())
        if fault.kind == "container-error":
            words = f"the container answers 500 because of fault {fault.id}"
            return Answer(500, words.encode(), "text/plain", name, "")
        request = replace(request, dies=True)
    return request


def _started(job: Any) -> None:
    job.transform_start_time = job.last_modified_time = utcnow()


def _ended(job: Any, end: End) -> None:
    """Update the job. The status is set last: a client that sees it sees the rest as well."""
    job.failure_reason = end.failure_reason
    job.transform_end_time = job.last_modified_time = utcnow()
    job.transform_job_status = end.status
    moto_service_events.job(job, "transform")
