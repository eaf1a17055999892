"""SageMaker training and hosting. Moto reports every job as completed and every endpoint as in service at creation.

Job kinds that are not emulated (tuning, AutoML, compilation) are rejected: moto would report them as completed.
"""

from __future__ import annotations

import copy
import threading
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ResourceInUseException
from moto.sagemaker.models import FakeEndpoint, FakeTrainingJob, SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.aws import Aws
from emulator.core.evidence import current_cause
from emulator.core.settings import Settings
from emulator.faults import store
from emulator.moto.patching import add, wrap
from emulator.services.events import moto_service_events
from emulator.services.sagemaker import moto_capacity, moto_hosting_plan, moto_jobs
from emulator.services.sagemaker.hosting import Hosting
from emulator.services.sagemaker.model_server import Answer, HostingFailed, Request
from emulator.services.sagemaker.training import Progress, Training, TrainingRequest
from emulator.services.sagemaker.variants import Serving

NOT_COMPUTED = (
    "create_hyper_parameter_tuning_job",
    "create_auto_ml_job_v2",
    "create_compilation_job",
    "start_pipeline_execution",
)
"""Operations that moto answers with success without doing anything."""
DEFAULT_MAX_SECONDS = 86_400
JOB_STATUS = {"Completed": "Completed", "Failed": "Failed", "Stopped": "Stopped", "MaxRuntimeExceeded": "Stopped"}
"""TrainingJobStatus by secondary status; every other one is InProgress."""

_hosting: Hosting | None = None


def apply(settings: Settings) -> None:
    global _hosting
    aws = Aws(settings)
    _hosting = Hosting(aws)
    _train(Training(aws))
    _host(_hosting)
    for name in NOT_COMPUTED:
        _refuse(name)


def shutdown() -> None:
    if _hosting:
        _hosting.shutdown()


def invoke(endpoint: FakeEndpoint, request: Request) -> Answer:
    """Invoke an endpoint that is in service."""
    assert _hosting is not None
    weights = {
        variant["VariantName"]: float(variant.get("CurrentWeight", 1.0)) for variant in endpoint.production_variants
    }
    return _hosting.invoke(endpoint.arn, request, weights)


def serving(arn: str, variant: str) -> Serving | None:
    """Return the server of an endpoint's variant."""
    assert _hosting is not None
    return _hosting.serving(arn, variant)


def queued(account_id: str, region: str, endpoint: FakeEndpoint) -> bool:
    """Return whether the endpoint's requests are asynchronous."""
    config = backend_for(account_id, region).endpoint_configs.get(endpoint.endpoint_config_name)
    return bool(config and getattr(config, "emulator_request", {}).get("AsyncInferenceConfig"))


def _refuse(name: str) -> None:
    @wrap(SageMakerResponse, name)
    def refuse(original: Any, self: Any) -> Any:
        raise NotImplementedError(f"{self._get_action()} (not emulated: nothing would run)")


# ---- training ----------------------------------------------------------------------------------------------


def _train(training: Training) -> None:
    @wrap(FakeTrainingJob, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        specification = copy.deepcopy(kwargs["algorithm_specification"])
        original(self, *args, **kwargs)
        # Moto replaces the metric definitions with its own example.
        self.algorithm_specification = specification
        self.training_job_status, self.secondary_status = "InProgress", "Starting"
        self.training_start_time = self.training_end_time = None
        self.model_artifacts = None
        self.final_metric_data_list = None
        self.failure_reason = None
        self.secondary_status_transitions = [_transition("Starting", "Preparing the instances for training")]

    @wrap(SageMakerResponse, "create_training_job")
    def create_training_job(original: Any, self: Any) -> Any:
        name = self._get_param("TrainingJobName")
        if name in self.sagemaker_backend.training_jobs:
            raise ResourceInUseException(
                message="Training job names must be unique within an AWS account and region, and a training job with "
                f"this name already exists ({FakeTrainingJob.arn_formatter(name, self.current_account, self.region)})"
            )
        moto_jobs.check_instances(self._get_param("ResourceConfig") or {}, "ResourceConfig")
        answer = original(self)
        job = self.sagemaker_backend.training_jobs[name]
        job.environment = self._get_param("Environment")
        moto_service_events.job(job, "training")
        training.start(_training_request(job, self.region), lambda progress: _advance(job, progress))
        return answer

    @add(SageMakerResponse)
    def stop_training_job(self: Any) -> Any:
        job = moto_jobs.stopping(self, "training")
        job.secondary_status_transitions.append(_transition("Stopping", "Stopping the training job"))
        moto_service_events.job(job, "training")
        threading.Thread(target=training.stop, args=(job.arn,), daemon=True).start()
        return EmptyResult()


def _training_request(job: Any, region: str) -> TrainingRequest:
    definitions = job.algorithm_specification.get("MetricDefinitions") or []
    return TrainingRequest(
        name=job.training_job_name,
        arn=job.arn,
        region=region,
        role_arn=job.role_arn,
        image=job.algorithm_specification.get("TrainingImage", ""),
        hyperparameters=dict(job.hyper_parameters or {}),
        channels=tuple(job.input_data_config or ()),
        output_uri=job.output_data_config["S3OutputPath"],
        metrics=tuple((definition["Name"], definition["Regex"]) for definition in definitions),
        instance_type=job.resource_config.get("InstanceType", ""),
        max_seconds=float((job.stopping_condition or {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)),
        variables=dict(job.environment or {}),
        cause=current_cause(),
    )


def _advance(job: Any, progress: Progress) -> None:
    """Update moto's record. The status is set last: a client that sees it sees the rest as well."""
    now = utcnow()
    job.secondary_status_transitions[-1]["EndTime"] = now
    job.secondary_status_transitions.append(_transition(progress.secondary_status, progress.message))
    job.last_modified_time = now
    if progress.secondary_status == "Training":
        job.training_start_time = now
    status = JOB_STATUS.get(progress.secondary_status)
    if status:
        job.secondary_status_transitions[-1]["EndTime"] = now
        job.failure_reason = progress.failure_reason
        job.training_end_time = now
        if job.training_start_time:
            job.training_time_in_seconds = int((now - job.training_start_time).total_seconds())
            job.billable_time_in_seconds = job.training_time_in_seconds
        if progress.metrics:
            job.final_metric_data_list = [
                {"MetricName": name, "Value": value, "Timestamp": now} for name, value in progress.metrics.items()
            ]
        if status == "Completed":
            base = job.output_data_config["S3OutputPath"].rstrip("/")
            uri = f"{base}/{job.training_job_name}/output/model.tar.gz"
            job.model_artifacts = {"S3ModelArtifacts": uri}
    job.secondary_status = progress.secondary_status
    if status or job.training_job_status != "Stopping":
        job.training_job_status = status or "InProgress"
    moto_service_events.job(job, "training")


def _transition(status: str, message: str) -> dict[str, Any]:
    return {"Status": status, "StartTime": utcnow(), "StatusMessage": message}


# ---- hosting -----------------------------------------------------------------------------------------------


def _host(hosting: Hosting) -> None:
    @wrap(FakeEndpoint, "_process_production_variants")
    def variants(original: Any, self: Any, production_variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
        variants: list[dict[str, Any]] = original(self, production_variants)
        for variant, requested in zip(variants, production_variants, strict=True):
            # Moto drops a weight of 0, and the default of 1.
            weight = requested.get("InitialVariantWeight")
            variant["CurrentWeight"] = variant["DesiredWeight"] = 1.0 if weight is None else weight
        return variants

    @wrap(SageMakerModelBackend, "create_endpoint")
    def create_endpoint(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        endpoint = original(self, *args, **kwargs)
        endpoint.endpoint_status = "Creating"
        _deploy(hosting, self, endpoint, after_failure=lambda reason: _settle(endpoint, "Failed", reason))
        return endpoint

    @wrap(SageMakerModelBackend, "update_endpoint", after="emulator.services.sagemaker.moto_patch")
    def update_endpoint(original: Any, self: Any, endpoint_name: str, *args: Any, **kwargs: Any) -> Any:
        endpoint = self.endpoints.get(endpoint_name)
        before = (endpoint.endpoint_config_name, endpoint.production_variants) if endpoint else None
        endpoint = original(self, endpoint_name, *args, **kwargs)
        endpoint.endpoint_status = "Updating"

        def roll_back(reason: str | None) -> None:
            # AWS keeps serving the working configuration and returns InService, with the reason of the failure.
            assert before is not None
            endpoint.endpoint_config_name, endpoint.production_variants = before
            _settle(endpoint, "InService", reason)

        hits = store.STORE.hits("sagemaker", "UpdateEndpoint", [endpoint_name], ["endpoint-update-rolls-back"])
        for fault in hits:
            store.record_hit(fault, "sagemaker", "UpdateEndpoint", endpoint_name, current_cause())
        _deploy(hosting, self, endpoint, after_failure=roll_back, turn_back=bool(hits))
        return endpoint

    @wrap(SageMakerModelBackend, "delete_endpoint")
    def delete_endpoint(original: Any, self: Any, endpoint_name: str) -> None:
        endpoint = self.endpoints.get(endpoint_name)
        original(self, endpoint_name)
        if endpoint:
            hosting.remove(endpoint.arn)


def _deploy(hosting: Hosting, backend: Any, endpoint: Any, *, after_failure: Any, turn_back: bool = False) -> None:
    """Start the servers of an endpoint's configuration in a separate thread.

    Gradual traffic shifting is not emulated: all traffic moves at once, whatever the deployment configuration says.
    If an alarm that it names is in alarm by then, the update is rolled back, as by a fault (`turn_back`).
    """
    plan = moto_hosting_plan.of(backend, backend.endpoint_configs[endpoint.endpoint_config_name])
    cause = current_cause()
    moto_service_events.endpoint(endpoint)

    def died(reason: str) -> None:
        _settle(endpoint, "Failed", reason)

    def work() -> None:
        try:
            alarm = _fired(backend, endpoint)
            back = turn_back or alarm is not None
            hosting.deploy(endpoint.arn, endpoint.endpoint_name, plan, died, cause, turn_back=back)
        except HostingFailed as error:
            after_failure(str(error))
            return
        if backend.endpoints.get(endpoint.endpoint_name) is not endpoint:
            hosting.remove(endpoint.arn)  # deleted while its servers were starting
            return
        if back:
            after_failure(f"The alarm {alarm} is in the ALARM state" if alarm else None)
        else:
            moto_capacity.settle(endpoint)
            _settle(endpoint, "InService", None)

    threading.Thread(target=work, name=f"deploy-{endpoint.endpoint_name}", daemon=True).start()


def _fired(backend: Any, endpoint: Any) -> str | None:
    """Return an alarm of the deployment configuration that is in alarm."""
    deployment = getattr(endpoint, "emulator_deployment_config", None) or {}
    named = (deployment.get("AutoRollbackConfiguration") or {}).get("Alarms") or []
    alarms = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    for name in (each["AlarmName"] for each in named):
        if name in alarms and alarms[name].state_value == "ALARM":
            return str(name)
    return None


def _settle(endpoint: Any, status: str, reason: str | None) -> None:
    endpoint.failure_reason = reason[:1024] if reason else None
    endpoint.last_modified_time = utcnow()
    endpoint.endpoint_status = status
    moto_service_events.endpoint(endpoint)


def backend_for(account_id: str, region: str) -> SageMakerModelBackend:
    return sagemaker_backends[account_id][region]
