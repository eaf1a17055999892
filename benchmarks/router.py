"""The model router's own time: per request with a backend that answers at once, and at a cold start.

Per request: the handler, from event to response, with access, route, choice, thread, telemetry and both bodies;
LiteLLM's Router does the same job (two deployments, retries, cooldown) with the same fake backend, installed into a
separate virtual environment. Cold start: import and the two clients, from sources without compiled files as in a
function's package, beside bare boto3 with the same two clients. Rounds take turns.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.measure import REPO, Goal, Series, environment, in_turns, run
from benchmarks.report import Report, finish, note, number, parser, series_table, table

PYTHON = REPO / ".venv" / "bin" / "python"
LITELLM = "litellm==1.106.2"
P50_LIMIT_MS = 0.3
COLD_LIMIT = 1.2
WARM_UP = 200
AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

_TIMED = """
import json, os, sys, time
output, sys.stdout = sys.stdout, open(os.devnull, "w")
{prepare}
taken = []
for number in range({warm_up} + int(sys.argv[1])):
    started = time.perf_counter_ns()
    {request}
    taken.append(time.perf_counter_ns() - started)
taken = sorted(taken[{warm_up}:])
print(json.dumps({{"p50": taken[len(taken) // 2] / 1e6, "p99": taken[len(taken) * 99 // 100] / 1e6}}), file=output)
"""

_OURS = """
from model_router import handler
from inference_routing.dispatch import Reply
record = {"kind": "realtime", "source": "bedrock", "targets": [
    {"name": "one", "model_id": "m1", "weight": 1}, {"name": "two", "model_id": "m2", "weight": 1}]}
class Fake:
    def invoke(self, target, request, deadline, kept):
        usage = {"inputTokens": 10, "outputTokens": 20, "totalTokens": 30}
        return Reply([{"text": "It's simple to use and easy to get started"}], {"model_id": target.address}, usage)
handler.ROUTER.table.store.read = lambda name, seconds: json.dumps(record)
handler.ROUTER.backends = {"bedrock": Fake(), "sagemaker": Fake()}
class Context:
    aws_request_id = "r"
    def get_remaining_time_in_millis(self):
        return 29000
messages = [{"role": "user", "content": "Hey, how's it going?"}]
bodies = {"native": {"inputs": ["Hey, how's it going?"]}, "openai": {"model": "chat", "messages": messages}}
resources = {"native": "/realtime/{blueprint}", "openai": "/v1/chat/completions"}
event = {"resource": resources[sys.argv[2]], "pathParameters": {"blueprint": "chat"}, "headers": {},
    "httpMethod": "POST", "body": json.dumps(bodies[sys.argv[2]]), "isBase64Encoded": False}
"""
_OUR_REQUEST = """answer = handler.handler({**event, "requestContext": {"requestId": f"r-{number}"}}, Context())
    assert answer["statusCode"] == 200"""
OURS = _TIMED.format(prepare=_OURS, request=_OUR_REQUEST, warm_up=WARM_UP)

_THEIRS = """
import logging
import litellm
from litellm import CustomLLM, ModelResponse, Router
logging.disable(logging.CRITICAL)
class Fake(CustomLLM):
    def completion(self, *arguments, **more):
        return ModelResponse(choices=[{"index": 0, "finish_reason": "stop", "message":
            {"role": "assistant", "content": "It's simple to use and easy to get started"}}],
            usage={"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30})
litellm.custom_provider_map = [{"provider": "fake", "custom_handler": Fake()}]
litellm.utils.custom_llm_setup()
router = Router(num_retries=2, allowed_fails=3, cooldown_time=30, model_list=[
    {"model_name": "chat", "litellm_params": {"model": f"fake/m{n}", "weight": 1}} for n in (1, 2)])
messages = [{"role": "user", "content": "Hey, how's it going?"}]
"""
_THEIR_REQUEST = """answer = router.completion(model="chat", messages=messages)
    assert answer.choices[0].message.content"""
THEIRS = _TIMED.format(prepare=_THEIRS, request=_THEIR_REQUEST, warm_up=WARM_UP)

_COLD = "import time; started = time.perf_counter()\n{work}\nprint(time.perf_counter() - started)"
_OUR_WORK = (
    "from model_router import handler\nfrom inference_routing.clients import client\n"
    "client('bedrock-runtime'); client('sagemaker-runtime')"
)
OUR_COLD = _COLD.format(work=_OUR_WORK)
FIRST_REQUESTS = {
    source: _COLD.format(work=f"{_OUR_WORK}\nhandler.ROUTER.backends['{source}'].backend{more}")
    for source, more in {"bedrock": "\nimport inference_common.embeddings", "sagemaker": ""}.items()
}
"""With what the first request of a source imports in addition."""
BARE_COLD = _COLD.format(work="import boto3\nboto3.client('bedrock-runtime'); boto3.client('sagemaker-runtime')")
THEIR_COLD = _COLD.format(work="from litellm import Router")


def packaged(folder: Path) -> Path:
    """Unpack the function's package as Lambda does: sources only."""
    for name in ("model_router", "inference_routing", "inference_common"):
        source = REPO / "lambda" / name
        shutil.copytree(source, folder / "package" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "package"


def our_environment(package: Path) -> dict[str, str]:
    more = {"PYTHONPATH": str(package), "ROUTES_PREFIX": "/mlops/benchmark/routes", "PYTHONDONTWRITEBYTECODE": "1"}
    return environment(**AWS, **more)


def their_environment() -> dict[str, str]:
    return environment(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="ERROR")


def run_json(python: Path, script: str, env: dict[str, str], *arguments: str) -> Any:
    """Return the last line that a script printed, as JSON."""
    return json.loads(run([str(python), "-c", script, *arguments], env=env).stdout.splitlines()[-1])


def install(folder: Path) -> Path | None:
    """Install LiteLLM into a virtual environment and return its interpreter; None, with a note, if that fails."""
    python = folder / "bin" / "python"
    if python.exists():
        return python
    note(f"installing {LITELLM}, once")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", LITELLM]
    for command in ([sys.executable, "-m", "venv", str(folder)], pip):
        # With the person's own environment: an index and certificates may be set there.
        done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            note(f"LiteLLM is left out: {done.stderr.strip().splitlines()[-1:]}")
            return None
    return python


def request_rows(package: Path, litellm: Path | None, requests: int, rounds: int) -> list[tuple[str, float, float]]:
    """Name, p50 and p99 in milliseconds: medians over rounds that take turns."""
    things = {
        "ours, native API": functools.partial(
            run_json, PYTHON, OURS, our_environment(package), str(requests), "native"
        ),
        "ours, OpenAI API": functools.partial(
            run_json, PYTHON, OURS, our_environment(package), str(requests), "openai"
        ),
    }
    if litellm:
        things["LiteLLM Router"] = functools.partial(run_json, litellm, THEIRS, their_environment(), str(requests))
    samples: dict[str, list[Any]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, measure in things.items():
            samples[name].append(measure())
    return [(name, median(t["p50"] for t in all_), median(t["p99"] for t in all_)) for name, all_ in samples.items()]


def cold_series(package: Path, litellm: Path | None, runs: int) -> dict[str, Series]:
    bare = functools.partial(run_json, PYTHON, BARE_COLD, environment(**AWS))
    ours = functools.partial(run_json, PYTHON, OUR_COLD, our_environment(package))
    things = {
        "bare boto3": ("import boto3, two clients", bare),
        "ours": ("import handler, two clients", ours),
    }
    for source, script in FIRST_REQUESTS.items():
        measure = functools.partial(run_json, PYTHON, script, our_environment(package))
        things[f"ours, ready for {source}"] = ("also what its first request imports", measure)
    if litellm:
        things["LiteLLM"] = (
            "from litellm import Router",
            functools.partial(run_json, litellm, THEIR_COLD, their_environment()),
        )
    for _, measure in things.values():
        measure()  # one unmeasured round, which compiles the installed sources
    return in_turns(things, runs)


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=15, help="cold starts (default: %(default)s)")
    options.add_argument("--requests", type=int, default=5000, help="requests of a round (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="rounds of requests (default: %(default)s)")
    options.add_argument("--litellm", type=Path, help="virtual environment with LiteLLM, made if it is not there")
    arguments = options.parse_args()
    report = Report("router", "Model router", machine.versions("python", "boto3"))
    if machine.changed():
        report.commit += " with uncommitted changes"
    with tempfile.TemporaryDirectory(prefix="router-benchmark-") as scratch:
        _measure(report, arguments, Path(scratch))
    return finish(report, arguments)


def _measure(report: Report, arguments: argparse.Namespace, scratch: Path) -> None:
    package = packaged(scratch)
    litellm = install(arguments.litellm or scratch / "litellm")
    note("requests")
    rows = request_rows(package, litellm, arguments.requests, arguments.rounds)
    note("cold starts")
    cold = cold_series(package, litellm, arguments.runs)
    for name, p50, _ in rows:
        if name.startswith("ours"):
            report.goals.append(
                Goal(f"overhead of a request, p50, {name.removeprefix('ours, ')}", p50, P50_LIMIT_MS, " ms")
            )
    report.goals.append(Goal("cold start / bare boto3", cold["ours"].over(cold["bare boto3"]), COLD_LIMIT))
    report.say(_table(rows))
    report.say(series_table(list(cold.values()), cold["bare boto3"]))
    beside = (
        f"{LITELLM} with two deployments of one model behind a custom provider in process."
        if litellm
        else "LiteLLM could not be installed here, so it is missing."
    )
    report.say(
        f"First table: {arguments.requests} requests after {WARM_UP} for warming up, medians of {arguments.rounds} "
        "rounds that take turns; the backend is in process and answers at once, so all of it is overhead. Ours is from "
        "API Gateway's event to the response, log lines and metrics included (written to nowhere), LiteLLM's is "
        f"`Router.completion`. {beside} Second table: seconds from the interpreter's first line to import and two "
        "clients (LiteLLM: import alone); our sources are not compiled beforehand, as in a function's package."
    )


def _table(rows: Sequence[tuple[str, float, float]]) -> str:
    return table(
        ("per request", "p50 ms", "p99 ms", "ratio of p50"),
        [(name, number(p50), number(p99), number(p50 / rows[0][1])) for name, p50, p99 in rows],
    )


if __name__ == "__main__":
    sys.exit(main())
