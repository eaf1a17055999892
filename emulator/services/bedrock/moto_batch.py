"""Bedrock's batch inference jobs, which moto lacks: states, errors, events. `bedrock.batch` does the work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from moto.bedrock.exceptions import BedrockClientError
from moto.bedrock.responses import BedrockResponse
from moto.core.responses import ActionResult, EmptyResult

from emulator.core.aws import Aws
from emulator.core.evidence import STORE, current_cause
from emulator.core.fidelity import HEADER, weakest
from emulator.core.settings import Settings
from emulator.faults import store
from emulator.moto.patching import add
from emulator.services.bedrock import embeddings, families
from emulator.services.bedrock.batch import SERVICE, Faults, JobRequest, Run, new_id
from emulator.services.bedrock.conversation import InvalidRequest
from emulator.services.events import moto_bus, moto_resource_policies
from emulator.services.events.courier import DeliveryFailed

ACTION = "CreateModelInvocationJob"
HOURS = 24
OVER = ("Completed", "Failed", "Stopped", "PartiallyCompleted", "Expired")
GIVEN = ("jobName", "roleArn", "modelId", "inputDataConfig", "outputDataConfig", "vpcConfig", "modelInvocationType")
UNSUPPORTED = ("provisioned-model/", "imported-model/")


@dataclass
class _Job:
    run: Run
    given: dict[str, Any]
    token: str | None
    status: str = "Submitted"
    message: str = ""
    submitted: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None

    @property
    def arn(self) -> str:
        return self.run.request.arn

    def summary(self) -> dict[str, Any]:
        hours = int(self.given.get("timeoutDurationInHours") or HOURS)
        counts = self.run.counts
        summary = {
            **self.given,
            "jobArn": self.arn,
            "clientRequestToken": self.token,
            "status": self.status,
            "message": self.message or None,
            "submitTime": self.submitted,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            "timeoutDurationInHours": hours,
            "jobExpirationTime": self.submitted + timedelta(hours=hours),
            "totalRecordCount": counts.total,
            "processedRecordCount": counts.processed,
            "successRecordCount": counts.succeeded,
            "errorRecordCount": counts.failed,
        }
        return {name: value for name, value in summary.items() if value is not None}


def apply(settings: Settings) -> None:
    jobs = _Jobs(Aws(settings))

    @add(BedrockResponse)
    def create_model_invocation_job(self: Any) -> ActionResult:
        return jobs.create(self)

    @add(BedrockResponse)
    def get_model_invocation_job(self: Any) -> ActionResult:
        job = jobs.get(self)
        _vouch(self, [job])
        return ActionResult(job.summary())

    @add(BedrockResponse)
    def list_model_invocation_jobs(self: Any) -> ActionResult:
        return jobs.listed(self)

    @add(BedrockResponse)
    def stop_model_invocation_job(self: Any) -> EmptyResult:
        jobs.stop(self)
        return EmptyResult()


class _Jobs:
    """The jobs of all accounts and regions, by ARN."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}

    def create(self, response: Any) -> ActionResult:
        given = {name: _plain(response._get_param(name)) for name in (*GIVEN, "timeoutDurationInHours")}
        given = {name: value for name, value in given.items() if value is not None}
        token = response._get_param("clientRequestToken")
        model = self._model(response, str(given["modelId"]))
        with self._lock:
            for known in self._of(response):
                if token and known.token == token:
                    if known.given == given:
                        return ActionResult({"jobArn": known.arn})
                    raise _error("ConflictException", f"clientRequestToken {token} was used for another request.")
                if known.given["jobName"] == given["jobName"]:
                    raise _error("ConflictException", f"A job with the name {given['jobName']} already exists.")
            job = self._job(response, given, model, token)
            self._jobs[job.arn] = job
        self._publish_change(job)
        threading.Thread(target=self._run, args=(job,), name=f"bedrock-batch-{given['jobName']}", daemon=True).start()
        return ActionResult({"jobArn": job.arn})

    def get(self, response: Any) -> _Job:
        identifier = str(response._get_param("jobIdentifier"))
        with self._lock:
            for job in self._of(response):
                if identifier in (job.arn, job.run.request.id):
                    return job
        raise _error("ResourceNotFoundException", "Could not find the model invocation job with the given identifier.")

    def listed(self, response: Any) -> ActionResult:
        name, status = response._get_param("nameContains") or "", response._get_param("statusEquals")
        with self._lock:
            matches = [
                job
                for job in self._of(response)
                if name in job.given["jobName"] and (status is None or job.status == status)
            ]
        matches.sort(key=lambda job: job.submitted, reverse=response._get_param("sortOrder") != "Ascending")
        start, most = int(response._get_param("nextToken") or 0), int(response._get_param("maxResults") or 1000)
        shown = matches[start : start + most]
        _vouch(response, shown)
        listing: dict[str, Any] = {"invocationJobSummaries": [job.summary() for job in shown]}
        if start + most < len(matches):
            listing["nextToken"] = str(start + most)
        return ActionResult(listing)

    def stop(self, response: Any) -> None:
        job = self.get(response)
        if job.status in (*OVER, "Stopping"):
            raise _error("ConflictException", f"The job is {job.status} and cannot be stopped.")
        self._set(job, "Stopping", "")
        job.run.stopping.set()

    def _of(self, response: Any) -> list[_Job]:
        begin = f"arn:aws:bedrock:{response.region}:{response.current_account}:"
        return [job for arn, job in self._jobs.items() if arn.startswith(begin)]

    def _job(self, response: Any, given: dict[str, Any], model: str, token: str | None) -> _Job:
        source = given["inputDataConfig"]["s3InputDataConfig"]
        target = given["outputDataConfig"]["s3OutputDataConfig"]
        for name, uri in (("input", source["s3Uri"]), ("output", target["s3Uri"])):
            if not str(uri).startswith("s3://"):
                raise _error("ValidationException", f"The {name} must be a URI of S3, received {uri}.")
        arn = f"arn:aws:bedrock:{response.region}:{response.current_account}:model-invocation-job/{new_id()}"
        request = JobRequest(
            arn=arn,
            name=given["jobName"],
            region=response.region,
            role_arn=given["roleArn"],
            model_id=given["modelId"],
            model=model,
            input_uri=source["s3Uri"],
            output_uri=target["s3Uri"],
            kms_key_id=target.get("s3EncryptionKeyId"),
            invocation=given.get("modelInvocationType") or "InvokeModel",
            cause=current_cause(),
        )
        job = _Job(
            Run(self._aws, request, lambda status, message: self._set(job, status, message), _faults(request)),
            given,
            token,
        )
        return job

    def _model(self, response: Any, model_id: str) -> str:
        """Return the foundation model behind an id. Raise an error if batch inference does not support it."""
        if any(kind in model_id for kind in UNSUPPORTED):
            raise _error("ValidationException", f"Batch inference is not supported for {model_id}.")
        model = model_id
        if ":application-inference-profile/" in model_id:
            client = self._aws.client("bedrock", region=response.region)
            try:
                profile = client.get_inference_profile(inferenceProfileIdentifier=model_id)
            except ClientError as error:
                raise _error("ValidationException", "The provided model identifier is invalid.") from error
            model = str(profile["models"][0]["modelArn"])
        try:
            if embeddings.of(model) is None:
                families.family_of(model)
        except InvalidRequest as error:
            raise _error("ValidationException", str(error)) from error
        return model

    def _run(self, job: _Job) -> None:
        request = job.run.request
        for fault in store.STORE.hits("bedrock", ACTION, [request.name, request.model_id], ["job-fails"]):
            store.record_hit(fault, "bedrock", ACTION, request.name, request.cause)
            self._set(job, "Failed", "Internal server error. Try again later.")
            return
        if "inference-profile/" in request.model_id:
            try:
                # A caller through a profile needs permission to use it; for a foundation model only the submitter does.
                context = {"aws:SourceArn": job.arn, "aws:SourceAccount": job.arn.split(":")[4]}
                moto_resource_policies.under_role(
                    request.role_arn, SERVICE, "bedrock:InvokeModel", request.model_id, context
                )
            except DeliveryFailed as error:
                self._set(job, "Failed", error.message)
                return
        job.run.execute()

    def _set(self, job: _Job, status: str, message: str) -> None:
        # A job that is being stopped keeps that state until it has ended.
        if job.status == "Stopping" and status not in OVER:
            return
        job.message, job.modified = message, datetime.now(UTC)
        if status in OVER:
            job.ended = job.modified
        job.status = status
        self._publish_change(job)

    def _publish_change(self, job: _Job) -> None:
        _, _, _, region, account, _ = job.arn.split(":", 5)
        detail = {
            "version": "0.0",
            "accountId": account,
            "batchJobName": job.given["jobName"],
            "batchJobArn": job.arn,
            "batchModelId": job.given["modelId"],
            "status": job.status,
            "failureMessage": job.message if job.status == "Failed" else "",
            "creationTime": job.submitted.strftime("%b %-d, %Y, %-I:%M:%S %p"),
        }
        moto_bus.emit(account, region, "aws.bedrock", "Batch Inference Job State Change", detail, [job.arn])


def _vouch(response: Any, jobs: list[_Job]) -> None:
    """Set the response's fidelity to the lowest of these jobs."""
    ids = [job.run.evidence_id for job in jobs if job.run.evidence_id]
    if ids:
        response.response_headers.update(STORE.headers(ids[0]))
        response.response_headers[HEADER] = weakest(*(STORE.fidelity(each) for each in ids))


def _faults(request: JobRequest) -> Faults:
    names = [request.name, request.model_id]

    def record() -> bool:
        if not store.STORE.armed():
            return False
        hits = store.STORE.hits("bedrock", ACTION, names, ["record-error"])
        for fault in hits:
            store.record_hit(fault, "bedrock", ACTION, request.name, request.cause)
        return bool(hits)

    partly = store.STORE.hits("bedrock", ACTION, names, ["job-partly-completes"])
    for fault in partly:
        store.record_hit(fault, "bedrock", ACTION, request.name, request.cause)
    return Faults(record, 0.5 if partly else 1.0)


def _plain(value: Any) -> Any:
    if hasattr(value, "keys"):
        return {name: _plain(item) for name, item in dict(value).items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _error(code: str, message: str) -> Exception:
    return BedrockClientError(code, message)
