"""Run batch inference: turn input objects into jobs, and ended jobs into results.

Invoked with {"action": "submit" | "status" | "sweep" | "start" | "job-ended", "blueprint", …} by the job API, by
schedules and by itself, and by EventBridge when an object arrives or a job ends. API actions name the "owner" of the
request; requests of other owners do not exist for them. They return {"request_id", "status", …} or
{"error": {"code", "message"}} for errors that the caller can fix. Everything else raises, so that Lambda retries the
event and finally publishes it to the topic.
"""

from __future__ import annotations

import json
import os
from typing import Any

import boto3
from botocore import exceptions, parsers
from botocore.config import Config
from botocore.exceptions import ClientError

from batch_submitter import progress
from batch_submitter.blueprint import ENVIRONMENT, Blueprint, check_name, check_owner, check_request_id, model_of, parse
from batch_submitter.completion import Completion, Sinks
from batch_submitter.object_keys import INPUT, JOB, PARTS, REQUESTED, RequestPaths, arrival_id, input_prefix
from batch_submitter.services import Invocation, Jobs, Transform
from batch_submitter.settings import Settings
from batch_submitter.store import Store, code_of
from batch_submitter.submission import Work, key_of
from inference_common.errors import (
    BadRequest,
    InternalError,
    ServiceError,
    Unavailable,
    UnknownBlueprint,
)
from inference_common.logs import bind, described, get_logger, without_message
from inference_common.s3 import expect_own_buckets
from inference_common.service_answers import SERVICE_FAILURES

SETTINGS = Settings.read(os.environ)
LOG = get_logger("batch_submitter")
PATIENT = Config(retries={"total_max_attempts": 4, "mode": "standard"})
TERMINAL_DETAIL = {
    "SageMaker Transform Job State Change": "TransformJobName",
    "Batch Inference Job State Change": "batchJobName",
}
MAY_PASS = (exceptions.ClientError, exceptions.BotoCoreError, parsers.ResponseParserError, OSError)
"""Failures of services and of the environment, which a retry may fix, whatever the input."""
_CLIENTS: dict[str, Any] = {}


def client(service: str) -> Any:
    if service not in _CLIENTS:
        _CLIENTS[service] = expect_own_buckets(boto3.client(service, config=PATIENT))
    return _CLIENTS[service]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    try:
        answer = handle_event(event, context) if "detail-type" in event else run_action(event, context)
    except Exception as error:
        bind(LOG, request_id=context.aws_request_id).exception("not done")
        raise without_message(error) from None
    return answer


def run_action(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run an action. Refusals are returned to the API, and raised for other invokers so that the event is retried."""
    log = bind(LOG, request_id=context.aws_request_id)
    try:
        return ACTIONS[str(event.get("action"))](event, context)
    except ServiceError as error:
        log.warning("refused", extra={**described(error), "action": event.get("action")})
        if event.get("action") not in API_ACTIONS:
            raise
        return {"error": {"code": error.type, "message": error.message}}
    except (ClientError, *SERVICE_FAILURES) as error:
        if event.get("action") not in API_ACTIONS:
            raise
        log.exception("a service did not answer")
        return {"error": {"code": Unavailable.__name__, "message": f"a service did not answer: {type(error).__name__}"}}


# ---- actions of the API --------------------------------------------------------------------------------------------


def submit(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Submit a request once; repeating it returns its status."""
    name = check_name(event.get("blueprint"))
    request_id = check_request_id(event.get("request_id"))
    blueprint = blueprint_of(name)
    work = work_of(blueprint, request_id)
    key = key_of(event.get("input"), name, SETTINGS.bucket)
    called = check_request_id(event.get("name", request_id))
    request = work.register(key, check_owner(event.get("owner")), "request", called)
    state = progress.read(work.store, work.paths)
    if state is not None and state.refusal:
        return {"error": {"code": state.refusal["code"], "message": state.refusal["message"]}}
    large = request["size"] > SETTINGS.inline_bytes
    if state is not None and event.get("retry") and state.result is not None:
        work.left(request, state.last, state.result)
        if large:
            prepare_later(work, state.last + 1, context)
        else:
            further(work, request, state.last + 1, state)
    elif state is None or not state.attempts:
        if large:
            prepare_later(work, 1, context)
            return progress_of(work)
        refusal = started(work, request)
        if refusal:
            return {"error": {"code": refusal["code"], "message": refusal["message"]}}
    elif state.result is None:
        further(work, request, state.last, state)  # resumes what a crash left undone
    return progress_of(work)


def prepare_later(work: Work, attempt: int, context: Any) -> None:
    """Prepare a large input in a separate invocation, since API callers cannot wait that long."""
    if work.begin(attempt):
        event = {"action": "start", "blueprint": work.blueprint.name, "request_id": work.paths.request_id}
        later(context, {**event, "attempt": attempt})


def started(work: Work, request: dict[str, Any]) -> dict[str, Any] | None:
    """Start a request; return the refusal if its input is invalid."""
    try:
        work.start(request)
    except ServiceError as error:
        if error.transient or isinstance(error, InternalError):
            raise
        return work.refuse(error)
    except MAY_PASS:
        raise
    except Exception as error:
        if work.store.read_json(work.paths.attempt(1)) is not None:
            raise  # the input is prepared; creating the jobs failed
        # A retry would fail on the same input, and the request must not stay `accepted` forever.
        bind(LOG, request_id=work.paths.request_id).exception("the input could not be prepared")
        failed = f"the input could not be prepared: an unexpected {type(error).__name__}; the function's log has it"
        return work.refuse(InternalError(failed))
    finish_refused(work)
    return None


def further(work: Work, request: dict[str, Any], attempt: int, state: progress.Progress) -> None:
    """Start another attempt for the remaining records, or resume an attempt that was begun."""
    result = state.results.get(attempt - 1)
    if result is None:
        work.start(request)
    else:
        work.retry(request, attempt - 1, result)
    finish_refused(work)


def finish_refused(work: Work) -> None:
    """Finish an attempt whose jobs were all refused, since no event will follow."""
    state = progress.read(work.store, work.paths)
    if state is not None and state.attempts and not state.unfinished(state.last) and state.result is None:
        Completion(work, sinks()).finish(state.last, "submission")


def status(event: dict[str, Any], context: Any) -> dict[str, Any]:
    work = work_of(blueprint_of(check_name(event.get("blueprint"))), check_request_id(event.get("request_id")))
    state = progress.read(work.store, work.paths)
    if state is None or state.request.get("owner") != check_owner(event.get("owner")):
        raise work.unknown()
    return progress.answer(state, work.paths, SETTINGS.bucket)


def progress_of(work: Work) -> dict[str, Any]:
    state = progress.read(work.store, work.paths)
    if state is None:
        raise work.unknown()
    return progress.answer(state, work.paths, SETTINGS.bucket)


# ---- events and schedules ------------------------------------------------------------------------------------------


def start(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Finish submitting a large input, or another attempt at one."""
    work = work_of(blueprint_of(check_name(event.get("blueprint"))), check_request_id(event.get("request_id")))
    state = progress.read(work.store, work.paths)
    if state is None:
        raise work.unknown()
    attempt = int(event.get("attempt", 1))
    if attempt - 1 in state.results:
        further(work, state.request, attempt, state)
        return progress_of(work)
    refusal = started(work, state.request)
    if refusal:
        Completion(work, sinks()).refused(refusal)
    return progress_of(work)


def arrived(blueprint: Blueprint, key: str, etag: str, started_by: str, context: Any) -> dict[str, Any]:
    """Submit an object that arrived in the input folder, under a new id."""
    work = work_of(blueprint, arrival_id(key, etag))
    if progress.read(work.store, work.paths) is None:
        try:
            work.register(key, ENVIRONMENT, started_by, work.paths.request_id)
        except BadRequest as error:
            # An unknown file extension, or an object that is gone.
            bind(LOG, request_id=context.aws_request_id).warning("refused", extra=described(error))
            Completion(work, sinks()).refused(work.refuse(error))
            return {"error": {"code": error.type, "message": error.message}}
    return start({"blueprint": blueprint.name, "request_id": work.paths.request_id}, context)


def sweep(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Submit all objects in the input folder that have no request yet."""
    blueprint = blueprint_of(check_name(event.get("blueprint")))
    prefix = input_prefix(blueprint.name)
    store = Store(client("s3"), SETTINGS.bucket)
    request_ids = []
    for item in list(store.listed(prefix)):
        if item["Key"].startswith(f"{prefix}{REQUESTED}") or not item["Size"]:
            continue
        request_id = arrival_id(item["Key"], item["ETag"])
        if progress.read(store, RequestPaths(blueprint.name, request_id)) is None:
            arrived(blueprint, item["Key"], item["ETag"], "schedule", context)
            request_ids.append(request_id)
    return {"blueprint": blueprint.name, "requests": request_ids}


def job_ended(event: dict[str, Any], context: Any) -> dict[str, Any]:
    name = str(event["job"])
    match = JOB.fullmatch(name)
    prefix = f"{SETTINGS.name_prefix}-"
    if match is None or not match["base"].startswith(prefix):
        return {"ignored": name}
    blueprint = blueprint_of(check_name(match["base"].removeprefix(prefix)))
    store = Store(client("s3"), SETTINGS.bucket)
    state = RequestPaths(blueprint.name, "").of_digest(match["digest"])
    request_id = (store.read_json(f"{state}request.json") or {}).get("request_id")
    if request_id is None:
        raise Unavailable(f"there is no record of the job {name}")
    Completion(work_of(blueprint, request_id), sinks()).job_ended(name)
    return {"job": name}


def handle_event(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an EventBridge event: an object arrived, or a job changed its state."""
    kind, detail = event["detail-type"], event["detail"]
    if kind in TERMINAL_DETAIL:
        return job_ended({"job": detail[TERMINAL_DETAIL[kind]]}, context)
    key, etag = detail["object"]["key"], detail["object"].get("etag", "")
    name, _, rest = key.removeprefix(INPUT).partition("/")
    if not key.startswith(INPUT) or name == PARTS or not rest or rest.startswith(REQUESTED):
        return {"ignored": key}
    blueprint = blueprint_of(check_name(name))
    if not blueprint.on_arrival:
        return {"ignored": key}
    return arrived(blueprint, key, etag, "arrival", context)


ACTIONS = {"submit": submit, "status": status, "start": start, "sweep": sweep, "job-ended": job_ended}
API_ACTIONS = ("submit", "status")


# ---- wiring --------------------------------------------------------------------------------------------------------


def blueprint_of(name: str) -> Blueprint:
    record = parameter(f"{SETTINGS.routes_prefix}/{name}")
    if record is None:
        raise UnknownBlueprint(f"there is no blueprint '{name}'")
    return parse(name, record)


def work_of(blueprint: Blueprint, request_id: str) -> Work:
    store = Store(client("s3"), SETTINGS.bucket)
    jobs: Jobs = (
        Invocation(client("bedrock"), store)
        if blueprint.source == "bedrock"
        else Transform(client("sagemaker"), store, SETTINGS.data_key_arn, SETTINGS.volume_key_arn)
    )
    tags = {
        "project": os.environ.get("PROJECT", ""),
        "environment": os.environ.get("ENVIRONMENT", ""),
        "blueprint": blueprint.name,
        "managed-by": "batch-submitter",
    }
    paths = RequestPaths(blueprint.name, request_id)
    return Work(store, jobs, blueprint, paths, SETTINGS.name_prefix, tags, model=lambda: current_model(blueprint))


def current_model(blueprint: Blueprint) -> dict[str, str] | None:
    """Return the model for a request that starts now; on Bedrock the blueprint alone determines it."""
    place = blueprint.batch.get("release_record")
    return model_of(blueprint, parameter(str(place))) if place else None


def parameter(name: str) -> str | None:
    """Return a parameter's value, or None if it does not exist."""
    try:
        return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            return None
        raise


def sinks() -> Sinks:
    return Sinks(crawl=crawl, publish=publish, namespace=SETTINGS.metrics_namespace)


def crawl(name: str) -> None:
    try:
        client("glue").start_crawler(Name=name)
    except ClientError as error:
        if code_of(error) == "CrawlerRunningException":
            # It may already have passed the new folder; a retry starts it again.
            raise Unavailable(f"the crawler {name} is running") from error
        raise


def publish(subject: str, text: str) -> None:
    client("sns").publish(TopicArn=SETTINGS.topic_arn, Subject=subject, Message=text)


def later(context: Any, event: dict[str, Any]) -> None:
    client("lambda").invoke(
        FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(event).encode()
    )
