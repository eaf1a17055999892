"""Probe that a batch returns as many records as it got, in their order and with their names, and reports invalid ones.

The records are the blueprint's golden cases, as often as it takes for the minimum of a job, and an invalid one
(`batch_records`).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

from orchestrator.config.model.blueprint import Batch as Options
from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers, base
from orchestrator.smoke.base import Observation, Target, Verdict, headers_of
from orchestrator.smoke.batch_records import Records, name_of, records
from orchestrator.smoke.gateway import Gateway, api_key

GOING_ON = ("accepted", "running")
LOCAL_PAUSE_SECONDS, AWS_PAUSE_SECONDS = 0.5, 10.0


class Batch:
    name = "batch"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "batch"

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        source = target.blueprint.model.source
        key = api_key(target, seen)
        try:
            refusal = self._refused(seen, key)
            if source == "bedrock" and target.cloud.endpoint is None:
                seen.fidelities.append("executed")
                return Verdict(seen.latency_ms, seen.fidelity, f"{refusal}; jobs of Bedrock take hours: none was run")
            earlier = target.proven.get(self.name)
            if earlier is not None:
                seen.fidelities.append(earlier.fidelity)
                detail = f"{refusal}; nothing changed since {earlier.at}: {earlier.detail}"
                return replace(seen.within(target.blueprint.smoke.max_latency_ms, detail), proven_at=earlier.at)
            given = records(target.blueprint.smoke.golden, target.blueprint.batch or Options())
            answer = self._run(seen, given, key)
            detail = _judge(seen, given, answer)
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, f"{detail}; {refusal}")

    def _refused(self, seen: Observation, api: str) -> str:
        """Check that a request for a missing input is refused with a message."""
        name = f"inference/batch/input/{seen.target.blueprint.name}/requests/not-there.jsonl"
        status, _, content = Gateway(seen).post({"input": name}, key=api)
        error = answers.json_object(content).get("error") or {}
        if status != 400 or error.get("type") != "BadRequest" or name not in str(error.get("message")):
            raise answers.WrongAnswer(
                f"a missing input must be refused by name with 400, got {status} {answers.shown(content)}"
            )
        return "a missing input is 400"

    def _run(self, seen: Observation, given: Records, api: str) -> dict[str, Any]:
        blueprint, request_id = seen.target.blueprint, f"smoke-{uuid.uuid4().hex[:12]}"
        key = f"inference/batch/input/{blueprint.name}/requests/{request_id}.{given.extension}"
        with seen.timed(f"write {key}"):
            seen.target.cloud.client("s3").put_object(Bucket=_bucket(seen), Key=key, Body=given.body)
        status, _, content = Gateway(seen).post({"input": key, "request_id": request_id}, key=api)
        if status != 202:
            raise answers.WrongAnswer(f"a request must be answered 202, got {status} {answers.shown(content)}")
        answer = answers.json_object(content)
        pause = AWS_PAUSE_SECONDS if seen.target.cloud.endpoint is None else LOCAL_PAUSE_SECONDS
        waited = 0.0
        while answer.get("status") in GOING_ON:
            if waited * 1000 > blueprint.smoke.max_latency_ms:
                raise answers.WrongAnswer(f"the request {request_id} is still {answer['status']} after {waited:.0f} s")
            base.sleep(pause)
            waited += pause
            status, _, content = Gateway(seen).below("GET", request_id, None, key=api)
            if status != 200:
                got = f"{status} {answers.shown(content)}"
                raise answers.WrongAnswer(f"the API must return the status of a request, got {got}")
            answer = answers.json_object(content)
        seen.latency_ms = max(seen.latency_ms, waited * 1000)
        if "records" not in answer:
            raise answers.WrongAnswer(f"the API answered {answers.shown(answer)}")
        if answer["status"] == "failed":
            reasons = [answer.get("reason"), *(job.get("reason") for job in answer["jobs"])]
            why = answers.shown([reason for reason in reasons if reason])
            raise answers.WrongAnswer(f"the request {request_id} failed: {why}")
        _see_job(seen, answer)
        return answer


def _bucket(seen: Observation) -> str:
    return seen.target.output("foundation", "s3", "bucket_name")


def _see_job(seen: Observation, answer: dict[str, Any]) -> None:
    """Record the fidelity of the work, as reported by the service that did it."""
    name = answer["jobs"][0]["name"]
    if seen.target.blueprint.model.source == "sagemaker":
        with seen.timed(f"describe {name}"):
            described = seen.target.cloud.client("sagemaker").describe_transform_job(TransformJobName=name)
    else:
        with seen.timed(f"describe {name}"):
            described = seen.target.cloud.client("bedrock").list_model_invocation_jobs(nameContains=name)
    seen.saw(headers_of(described))


def _judge(seen: Observation, given: Records, answer: dict[str, Any]) -> str:
    """Compare the results with the records, and return a summary."""
    lines = _lines(seen, answer["output"])
    total = len(given.cases)
    if [line.get("record") for line in lines] != list(range(total)):
        raise answers.WrongAnswer(f"{total} records must come back in their order, got {len(lines)} lines")
    errors = [line["record"] for line in _lines(seen, answer["errors"])]
    if errors != given.bad or any("error" not in lines[place] for place in given.bad):
        raise answers.WrongAnswer(f"only the records {given.bad} are bad, but {answers.shown(errors)} have errors")
    for place, (case, line) in enumerate(zip(given.cases, lines, strict=True)):
        if case is None:
            continue
        if given.named and line.get("id") != name_of(place):
            raise answers.WrongAnswer(f"the record {place} must keep its name, got {answers.shown(line.get('id'))}")
        answers.judge(case, [line["output"]], seen.target.repo)
    return f"{total} records in order, {len(given.bad)} bad one reported"


def _lines(seen: Observation, uri: str) -> list[dict[str, Any]]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with seen.timed(f"read {uri}"):
        body = seen.target.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return [json.loads(line) for line in body.split(b"\n") if line]
