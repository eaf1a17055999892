from __future__ import annotations

import xml.etree.ElementTree as ET

from orchestrator.core.types import Json
from orchestrator.runs import html
from orchestrator.runs.result import ChangeResult, EndpointResult, ErrorResult, Result, RiskResult, StackResult

EVENTS: list[Json] = [
    {"at": "2026-11-21T10:00:00.000Z", "step": "data", "kind": "step", "status": "started"},
    {"at": "2026-11-21T10:00:01.000Z", "step": "data", "kind": "stage", "message": "plan"},
    {"at": "2026-11-21T10:00:04.000Z", "step": "data", "kind": "step", "status": "failed"},
    {"at": "2026-11-21T10:00:02.000Z", "step": "models", "kind": "step", "status": "started"},
]


def result(**more: object) -> Result:
    data = {
        "run_id": "r", "env": "prod", "command": "deploy", "status": "failed", "started_at": "t", "seconds": 4.0,
        "exit_code": 8, **more,
    }  # fmt: skip
    return Result.model_validate(data)


def test_stacks_changes_risks_and_the_error_are_on_the_page() -> None:
    bucket = "module.s3.aws_s3_bucket.data"
    shown = html.render(
        result(
            error=ErrorResult(type="TerraformError", message="no <b>", hint="yes"),
            stacks=[
                StackResult(
                    name="data",
                    phase="data",
                    action="failed",
                    changes=[ChangeResult(address=bucket, type="aws_s3_bucket", action="replace")],
                )
            ],
            risks=[RiskResult(kind="state-loss", stack="data", resource=bucket, reason="replaced: lost")],
        ),
        EVENTS,
    )
    assert "<h1>deploy prod: failed</h1>" in shown
    assert '<p class="bad">no &lt;b&gt;</p>\n<p>hint: yes</p>' in shown
    assert "± aws_s3_bucket" in shown
    assert f"<tr><td>state-loss</td><td>data</td><td>{bucket}</td><td>replaced: lost</td></tr>" in shown
    assert '<td>data</td><td class="number">4.0</td><td><div class="bar failed"' in shown
    assert "<td>models</td>" not in shown, "a step that has not ended has no bar"


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    shown = html.render(result(), EVENTS)
    ET.fromstring(shown.removeprefix("<!doctype html>\n").replace('<meta charset="utf-8">', ""))
    assert not any(word in shown for word in ("http", "<script", "<link", "url("))


def test_what_is_live_and_who_vouches_for_it_is_on_the_page() -> None:
    back = EndpointResult(
        blueprint="reviews",
        status="rolled-back",
        before="r-1-v1",
        now="r-1-v1",
        model_version="arn:v2",
        verified=["DescribeEndpoint"],
        error="ProbeFailed",
    )
    shown = html.render(result(releases=[back]), EVENTS)
    row = '<td>reviews</td><td class="bad">rolled-back</td><td>r-1-v1</td><td>r-1-v1</td>'
    assert f"<tr>{row}<td>DescribeEndpoint</td><td>ProbeFailed</td></tr>" in shown
