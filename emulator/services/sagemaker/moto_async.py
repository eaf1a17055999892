"""InvokeEndpointAsync: requests are queued for the endpoint's model server. Moto invents an output location.

Results, failures and notifications are written under the role of the endpoint's model. The instances are only a number
(`moto_capacity`): at zero nothing is served and the servers end; above zero they are started when needed.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.sagemaker.models import FakeEndpoint, SageMakerModelBackend
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse
from moto.utilities.arns import parse_arn

from emulator.core import clock
from emulator.core.aws import Aws
from emulator.core.evidence import STORE, current_cause
from emulator.core.settings import Settings
from emulator.faults import store
from emulator.moto.patching import replace, wrap
from emulator.services.sagemaker import moto_autoscaling, moto_capacity, moto_compute
from emulator.services.sagemaker.async_outcomes import Outcome, Store
from emulator.services.sagemaker.async_queue import AT_ONCE, Backlog, Destination, Queued
from emulator.services.sagemaker.fleet import Fleet
from emulator.services.sagemaker.hosting import NoSuchVariant
from emulator.services.sagemaker.model_server import Answer, Request
from emulator.services.sagemaker.moto_async_metrics import Meter
from emulator.services.sagemaker.moto_runtime import Reply, error, in_service, raw_body

HEADER = "X-Amzn-SageMaker-"
TTL_SECONDS, TIMEOUT_SECONDS = 21_600, 900
LIMITS = {"RequestTTLSeconds": (60, 21_600), "InvocationTimeoutSeconds": (1, 3600)}
INLINE_BYTES = 128_000
FAULTS = ("container-error", "worker-dies")


@dataclass
class _Endpoint:
    """One endpoint's queue and its state."""

    backlog: Backlog
    meter: Meter
    emptied: float = field(default_factory=time.monotonic)
    """When the queue was last seen non-empty."""


def apply(settings: Settings) -> None:
    queues = _Queues(Aws(settings), clock.start(settings.time_scale))
    moto_capacity.LISTENERS.append(queues.changed)
    moto_autoscaling.FOLLOWERS.append(queues.watch)

    def invoke_endpoint_async(self: Any) -> Reply:
        return queues.invoke(self)

    replace(SageMakerRuntimeResponse, "invoke_endpoint_async", invoke_endpoint_async)

    @wrap(SageMakerModelBackend, "update_endpoint_weights_and_capacities")
    def update(
        original: Any, self: Any, endpoint_name: str, desired_weights_and_capacities: list[dict[str, Any]]
    ) -> Any:
        """Update weights and counts; moto drops what the request does not name, and changes no capacity."""
        endpoint = self.endpoints.get(endpoint_name)
        before = {each["VariantName"]: dict(each) for each in endpoint.production_variants} if endpoint else {}
        answer = original(self, endpoint_name, desired_weights_and_capacities)
        for variant in endpoint.production_variants:
            known = before[variant["VariantName"]]
            count = variant.get("DesiredInstanceCount")
            for name, value in list(variant.items()):
                if value is None:
                    variant[name] = known.get(name)
                    if variant[name] is None:
                        del variant[name]
            if count is not None:
                variant["CurrentInstanceCount"] = known.get("CurrentInstanceCount", 1)
                moto_capacity.change(endpoint, variant["VariantName"], int(count))
        return answer

    @wrap(SageMakerModelBackend, "delete_endpoint", after="emulator.services.sagemaker.moto_compute")
    def delete_endpoint(original: Any, self: Any, endpoint_name: str) -> None:
        endpoint = self.endpoints.get(endpoint_name)
        original(self, endpoint_name)
        if endpoint:
            queues.drop(endpoint.arn)


def config_of(backend: Any, endpoint: FakeEndpoint) -> dict[str, Any] | None:
    """Return the endpoint's current AsyncInferenceConfig."""
    config = backend.endpoint_configs.get(endpoint.endpoint_config_name)
    members = getattr(config, "emulator_request", {}) if config else {}
    return members.get("AsyncInferenceConfig") or None


class _Queues:
    """The queues of all endpoints, by ARN."""

    def __init__(self, aws: Aws, timer: clock.Clock) -> None:
        self._timer, self._store = timer, Store(aws)
        self._lock = threading.Lock()
        self._endpoints: dict[str, _Endpoint] = {}

    def invoke(self, response: Any) -> Reply:
        name = unquote(response.path.split("/")[2])
        backend = moto_compute.backend_for(response.current_account, response.region)
        endpoint = in_service(response, name)
        if endpoint is None:
            return error(400, "ValidationError", f"Endpoint {name} of account {response.current_account} not found.")
        config = config_of(backend, endpoint)
        if config is None:
            return error(400, "ValidationError", f"Endpoint {name} is not configured for asynchronous inference.")
        headers = response.headers
        options = {key: headers.get(HEADER + key) for key in (*LIMITS, "InputLocation", "S3OutputPathExtension")}
        body = raw_body(response) or None
        wrong = _wrong(options, body)
        if wrong:
            return error(400, "ValidationError", wrong)
        request = _request(backend, endpoint, config, options, headers, body)
        queue = self._of(backend, endpoint)
        queue.backlog.put(request)
        queue.meter.changed()
        answer_headers = {
            **STORE.headers(request.evidence_id),
            "status": "202",
            "Content-Type": "application/json",
            f"{HEADER}OutputLocation": request.output_location,
            **({f"{HEADER}FailureLocation": request.failure_location} if request.failure_location else {}),
        }
        return 202, answer_headers, json.dumps({"InferenceId": request.inference_id})

    def changed(self, endpoint: FakeEndpoint, variant: str, count: int) -> None:
        """Adapt to a changed number of instances."""
        with self._lock:
            queue = self._endpoints.get(endpoint.arn)
        serving = moto_compute.serving(endpoint.arn, variant)
        if count == 0 and isinstance(serving, Fleet):
            # Servers end once they have answered; the scaling call does not wait for that.
            threading.Thread(target=serving.idle, name=f"idle-{endpoint.endpoint_name}", daemon=True).start()
        if queue:
            queue.backlog.wake()
            queue.meter.changed()

    def watch(self, endpoint: FakeEndpoint) -> None:
        """Measure an endpoint's backlog from now on, even without requests."""
        arn = parse_arn(endpoint.arn)
        backend = moto_compute.backend_for(arn.account, arn.region)
        if config_of(backend, endpoint):
            self._of(backend, endpoint).meter.changed()

    def drop(self, arn: str) -> None:
        with self._lock:
            queue = self._endpoints.pop(arn, None)
        if queue:
            queue.meter.closed = True
            queue.backlog.close()

    def _of(self, backend: Any, endpoint: FakeEndpoint) -> _Endpoint:
        with self._lock:
            queue = self._endpoints.get(endpoint.arn)
            if queue is None:
                queue = self._endpoints[endpoint.arn] = self._make(backend, endpoint)
            return queue

    def _make(self, backend: Any, endpoint: FakeEndpoint) -> _Endpoint:
        def limit() -> int:
            client = (config_of(backend, endpoint) or {}).get("ClientConfig") or {}
            return moto_capacity.of(endpoint) * int(client.get("MaxConcurrentInvocationsPerInstance") or AT_ONCE)

        def report(request: Queued, outcome: Outcome, waited: float) -> None:
            seconds = max(0.0, time.time() - request.received - waited)
            made.meter.note(
                InvocationsProcessed=1,
                InvocationFailures=float(outcome.reason is not None),
                TimeInBacklog=waited * 1000,
                TotalProcessingTime=seconds * 1000,
                NotificationFailures=float(outcome.notified.startswith("failed")),
            )

        def look() -> Any:
            state, count = made.backlog.state(), moto_capacity.of(endpoint)
            if state.backlog:
                made.emptied = time.monotonic()
            else:
                self._timer.after(
                    moto_autoscaling.idle_seconds() + 0.5, lambda: self._track(endpoint, made), scaled=False
                )
            self._track(endpoint, made)
            return state, count

        variant = endpoint.production_variants[0]["VariantName"]
        backlog = Backlog(self._store, lambda request: _ask(endpoint, request), limit, report)
        made = _Endpoint(backlog, Meter(endpoint.arn, endpoint.endpoint_name, variant, look, self._timer))
        return made

    def _track(self, endpoint: FakeEndpoint, queue: _Endpoint) -> None:
        variant = endpoint.production_variants[0]["VariantName"]
        idle = time.monotonic() - queue.emptied
        moto_autoscaling.track(endpoint, variant, queue.backlog.state().backlog, idle)


def _ask(endpoint: FakeEndpoint, request: Request) -> Answer:
    name = endpoint.endpoint_name
    for fault in store.STORE.hits("sagemaker", "InvokeEndpointAsync", [name], FAULTS):
        store.record_hit(fault, "sagemaker", "InvokeEndpointAsync", name, current_cause())
        if fault.kind == "container-error":
            words = f"the container answers 500 because of fault {fault.id}"
            return Answer(500, words.encode(), "text/plain", name, "")
        request = dataclasses.replace(request, dies=True)
    try:
        return moto_compute.invoke(endpoint, request)
    except NoSuchVariant:
        return Answer(502, b"nothing serves the endpoint", "text/plain", name, "", lost=True)


def _wrong(options: dict[str, Any], body: bytes | None) -> str | None:
    location = options["InputLocation"]
    if bool(location) == bool(body):
        return "Exactly one of InputLocation and Body must be provided."
    if location and not str(location).startswith("s3://"):
        return f"InputLocation must be a URI of S3, received {location}."
    if body and len(body) > INLINE_BYTES:
        return f"Body must have length less than or equal to {INLINE_BYTES}, received {len(body)}."
    for name, (low, high) in LIMITS.items():
        value = options[name]
        if value is not None and not (str(value).isdigit() and low <= int(value) <= high):
            return f"{name} must be from {low} to {high}, received {value}."
    return None


def _request(
    backend: Any,
    endpoint: FakeEndpoint,
    config: dict[str, Any],
    options: dict[str, Any],
    headers: Any,
    body: bytes | None,
) -> Queued:
    output = config["OutputConfig"]
    topics = output.get("NotificationConfig") or {}
    model = backend.describe_model(
        backend.endpoint_configs[endpoint.endpoint_config_name].production_variants[0]["ModelName"]
    )
    inference_id = headers.get(f"{HEADER}Inference-Id") or str(uuid.uuid4())
    # A separate name: the id of a request is not the name of its result.
    name = headers.get(f"{HEADER}Filename") or f"{uuid.uuid4()}.out"
    stem = name.rpartition(".")[0] or name
    record = STORE.begin(
        "async-inference",
        endpoint.endpoint_name,
        parent=current_cause(),
        detail={"inference_id": inference_id, "input": options["InputLocation"]},
    )
    extension = options["S3OutputPathExtension"]
    return Queued(
        endpoint=endpoint.endpoint_name,
        inference_id=inference_id,
        input_location=options["InputLocation"],
        body=body,
        output_location=_below(output["S3OutputPath"], extension, name),
        failure_location=_below(output["S3FailurePath"], extension, f"{stem}-error.out")
        if output.get("S3FailurePath")
        else None,
        content_type=headers.get(f"{HEADER}Content-Type"),
        accept=headers.get(f"{HEADER}Accept"),
        destination=Destination(
            role_arn=model.execution_role_arn,
            region=backend.region_name,
            kms_key_id=output.get("KmsKeyId"),
            success_topic=topics.get("SuccessTopic"),
            error_topic=topics.get("ErrorTopic"),
            include_in=tuple(topics.get("IncludeInferenceResponseIn") or ()),
        ),
        ttl_seconds=float(options["RequestTTLSeconds"] or TTL_SECONDS),
        timeout_seconds=float(options["InvocationTimeoutSeconds"] or TIMEOUT_SECONDS),
        received=time.time(),
        evidence_id=record.id,
    )


def _below(path: str, *names: str | None) -> str:
    return "/".join([path.rstrip("/"), *(name.strip("/") for name in names if name)])
