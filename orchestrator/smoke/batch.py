"""A batch returns exactly as many records as it got, in their order, and says which of them were none.

Where the human-rated movie reviews lie in the data bucket, SageMaker's models are asked for all of them, and their
answers compared with what people said.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.aws.client import error_code
from orchestrator.config.model.platform import Blueprint
from orchestrator.errors import PlatformError
from orchestrator.smoke import answers, base
from orchestrator.smoke.base import Observation, Target, Verdict, headers_of
from orchestrator.smoke.gateway import Gateway, api_key

RATED = "data/raw/reviews/source=movie/movieReviewSnippets_GroundTruth.txt"
"""Tab-separated: id, mean rating of people, text."""
BAD: Any = 7
"""A record that is none: it must come back as an error, in its place."""
BEDROCK_RECORDS = 100
"""The least that a job of Bedrock's models takes."""
GOING_ON = ("accepted", "running")
LOCAL_PAUSE_SECONDS, AWS_PAUSE_SECONDS = 0.5, 10.0


@dataclass(frozen=True)
class Asked:
    """What is sent: golden cases, one bad record, then rated texts."""

    texts: list[Any]
    golden: int
    ratings: list[float]

    @property
    def bad(self) -> int:
        return self.golden


class Batch:
    name = "batch"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind == "batch"

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        source = target.blueprint.model.source
        key = api_key(target, seen)
        try:
            for case in target.blueprint.smoke.golden:
                answers.expect(case, source)
            refusal = self._refused(seen, key)
            if source == "bedrock" and target.cloud.endpoint is None:
                seen.fidelities.append("executed")
                return Verdict(seen.latency_ms, seen.fidelity, f"{refusal}; jobs of Bedrock take hours: none was run")
            earlier = target.proven.get(self.name)
            if earlier is not None:
                seen.fidelities.append(earlier.fidelity)
                told = f"{refusal}; nothing changed since {earlier.at}: {earlier.detail}"
                return replace(seen.within(target.blueprint.smoke.max_latency_ms, told), proven_at=earlier.at)
            asked = _asked(seen)
            answer = self._run(seen, asked, key)
            said = _judged(seen, asked, answer)
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, f"{said}; {refusal}")

    def _refused(self, seen: Observation, api: str) -> str:
        """A request for what is not there must be refused in words."""
        name = f"inference/batch/input/{seen.target.blueprint.name}/requests/not-there.jsonl"
        status, _, content = Gateway(seen).post({"input": name}, key=api)
        error = answers.json_object(content).get("error") or {}
        if status != 400 or error.get("type") != "BadRequest" or name not in str(error.get("message")):
            raise answers.WrongAnswer(
                f"a missing input must be refused by name with 400, got {status} {answers.shown(content)}"
            )
        return "a missing input is 400"

    def _run(self, seen: Observation, asked: Asked, api: str) -> dict[str, Any]:
        blueprint, request_id = seen.target.blueprint, f"smoke-{uuid.uuid4().hex[:12]}"
        key = f"inference/batch/input/{blueprint.name}/requests/{request_id}.jsonl"
        body = "".join(json.dumps({"input": text}) + "\n" for text in asked.texts)
        with seen.asking(f"write {key}"):
            seen.target.cloud.client("s3").put_object(Bucket=_bucket(seen), Key=key, Body=body.encode())
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
                raise answers.WrongAnswer(f"the API must tell how a request stands, got {got}")
            answer = answers.json_object(content)
        seen.latency_ms = max(seen.latency_ms, waited * 1000)
        if "records" not in answer:
            raise answers.WrongAnswer(f"the API answered {answers.shown(answer)}")
        if answer["status"] == "failed":
            told = [answer.get("reason"), *(job.get("reason") for job in answer["jobs"])]
            why = answers.shown([word for word in told if word])
            raise answers.WrongAnswer(f"the request {request_id} failed: {why}")
        _see_job(seen, answer)
        return answer


def _bucket(seen: Observation) -> str:
    return seen.target.output("foundation", "s3", "bucket_name")


def _see_job(seen: Observation, answer: dict[str, Any]) -> None:
    """How real the work was, by the word of the service that did it."""
    name = answer["jobs"][0]["name"]
    if seen.target.blueprint.model.source == "sagemaker":
        with seen.asking(f"look at {name}"):
            found = seen.target.cloud.client("sagemaker").describe_transform_job(TransformJobName=name)
    else:
        with seen.asking(f"look at {name}"):
            found = seen.target.cloud.client("bedrock").list_model_invocation_jobs(nameContains=name)
    seen.saw(headers_of(found))


def _asked(seen: Observation) -> Asked:
    golden = [case.input for case in seen.target.blueprint.smoke.golden]
    if seen.target.blueprint.model.source == "bedrock":
        return Asked([*golden, BAD, *(golden[0] for _ in range(BEDROCK_RECORDS))], len(golden), [])
    rated = _rated(seen)
    return Asked([*golden, BAD, *(text for _, text in rated)], len(golden), [rating for rating, _ in rated])


def _rated(seen: Observation) -> list[tuple[float, str]]:
    """All movie reviews that people have rated, or none where this environment does not have them."""
    try:
        with seen.asking(f"read {RATED}"):
            body = seen.target.cloud.client("s3").get_object(Bucket=_bucket(seen), Key=RATED)["Body"].read()
    except PlatformError as error:
        if error_code(error.__cause__.__cause__ if error.__cause__ else None) in ("NoSuchKey", "404"):
            return []
        raise
    rows = (line.split("\t", 2) for line in body.decode("utf-8", "replace").split("\n") if line.strip())
    return [(float(rating), text.strip()) for _, rating, text in rows]


def _judged(seen: Observation, asked: Asked, answer: dict[str, Any]) -> str:
    """What came back, held against what was sent."""
    lines = _lines(seen, answer["output"])
    total = len(asked.texts)
    if [line.get("record") for line in lines] != list(range(total)):
        raise answers.WrongAnswer(f"{total} records must come back in their order, got {len(lines)} lines")
    errors = [line["record"] for line in _lines(seen, answer["errors"])]
    if errors != [asked.bad] or "error" not in lines[asked.bad]:
        raise answers.WrongAnswer(f"only the record {asked.bad} is a bad one, but {answers.shown(errors)} have errors")
    source = seen.target.blueprint.model.source
    for case, line in zip(seen.target.blueprint.smoke.golden, lines, strict=False):
        answers.judge(case, source, [line["output"]])
    said = f"{total} records in order, 1 bad one told"
    return f"{said}, {_accuracy(asked, lines)}" if asked.ratings else said


def _accuracy(asked: Asked, lines: list[dict[str, Any]]) -> str:
    """Against people's ratings, where they say more than neither; better than always the more frequent label."""
    pairs = [
        (line["output"]["label"] == "positive", rating > 0)
        for line, rating in zip(lines[asked.golden + 1 :], asked.ratings, strict=True)
        if rating
    ]
    right = sum(said == rated for said, rated in pairs) / len(pairs)
    positive = sum(rated for _, rated in pairs) / len(pairs)
    baseline = max(positive, 1 - positive)
    told = f"accuracy {right:.3f} on {len(pairs)} rated reviews (baseline {baseline:.3f})"
    if right <= baseline:
        raise answers.WrongAnswer(f"{told}: no better than the more frequent label")
    return told


def _lines(seen: Observation, uri: str) -> list[dict[str, Any]]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with seen.asking(f"read {uri}"):
        body = seen.target.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return [json.loads(line) for line in body.split(b"\n") if line]
