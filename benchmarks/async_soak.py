"""Send many asynchronous requests through the deployed local platform while faults are injected: none may be lost.

    .venv/bin/python -m benchmarks.async_soak --requests 5000 --share 0.02 --kills 2

Every request goes the whole way: API, job API, queue, worker, model, object, topic, callback, table. Meanwhile a share
of the calls is throttled, answered with nonsense or cut off, and the worker's process is killed. At the end each
request must have exactly one result or one failure object, and the table must have a record of each. The exit code is 1
if one was lost.

Beforehand the model is called directly, with the same concurrency: the ratio is how many times as long a request takes
on the whole way, limited by the slower of its halves: taking (gateway and job API) or answering (queue, worker, model).
Both are measured over the first nine tenths: the last requests are those of a killed worker, which come again only
after the queue's visibility timeout.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from benchmarks import machine
from benchmarks.measure import Goal
from benchmarks.report import Report, finish, number, parser, table

FAULTS = (
    ("throttle", "bedrock", "Converse", "*"),
    ("malformed", "bedrock", "Converse", "*"),
    ("throttle", "s3", "PutObject", "*inference/async/output/*"),
    ("drop-connection", "s3", "GetObject", "*inference/async/input/*"),
    ("throttle", "sns", "Publish", "*"),
)
CALLERS = 8
MODEL = "amazon.nova-lite-v1:0"
KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Of the local AWS, as `orchestrator emulator env` exports them."""


class Platform:
    """The local deployment of one environment."""

    def __init__(self, endpoint: str, prefix: str, blueprint: str) -> None:
        self.endpoint, self.prefix, self.blueprint = endpoint, prefix, blueprint
        api = self.client("apigateway")
        api_ids = {each["name"]: each["id"] for each in api.get_rest_apis()["items"]}
        keys = api.get_api_keys(nameQuery=f"{prefix}-inference-default")["items"]
        self.url = f"{endpoint}/restapis/{api_ids[f'{prefix}-inference']}/v1/_user_request_/async/{blueprint}"
        # The first key has no time in its name; the last one is in force beside or instead of it.
        newest = max(keys, key=lambda each: str(each["name"]))
        self.key = api.get_api_key(apiKey=newest["id"], includeValue=True)["value"]
        names = [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]]
        self.bedrock = self.client("bedrock-runtime")
        self.bucket = next(name for name in names if name.startswith(f"{prefix}-data-"))

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1")

    def submit(self, number: int) -> str:
        """Submit one request with its own key, so that repetitions after a refusal or a lost connection count once."""
        body = json.dumps({"inputs": [f"Say {number}."], "parameters": {"max_tokens": 8}}).encode()
        headers = {
            "x-api-key": self.key,
            "content-type": "application/json",
            "idempotency-key": f"soak-{START}-{number}",
        }
        for _ in range(200):
            try:
                with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=60) as answer:
                    return str(json.load(answer)["request_id"])
            except urllib.error.HTTPError as error:
                if error.code not in (429, 500, 503, 504):
                    raise
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.2)
        raise RuntimeError(f"request {number} was never taken")

    def converse(self, number: int) -> None:
        """Send the same question to the model itself."""
        self.bedrock.converse(
            modelId=MODEL,
            messages=[{"role": "user", "content": [{"text": f"Say {number}."}]}],
            inferenceConfig={"maxTokens": 8},
        )

    def ids(self, prefix: str, ending: str) -> set[str]:
        pages = (
            self.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.bucket, Prefix=f"inference/async/{prefix}/{self.blueprint}/")
        )
        keys = (item["Key"].rpartition("/")[2] for page in pages for item in page.get("Contents", []))
        return {key.removesuffix(ending) for key in keys if key.endswith(ending)}

    def states(self) -> dict[str, str]:
        """Return the status by request in the callback's table."""
        pages = (
            self.client("dynamodb").get_paginator("scan").paginate(TableName=f"{self.prefix}-{self.blueprint}-results")
        )
        return {item["request_id"]["S"]: item["status"]["S"] for page in pages for item in page["Items"]}

    def arm(self, share: float) -> list[str]:
        return [self._arm(*each, share) for each in FAULTS]

    def _arm(self, kind: str, service: str, action: str, resource: str, share: float) -> str:
        document = {"kind": kind, "service": service, "action": action, "resource": resource}
        answer = self._faults("POST", "", {**document, "share": share, "seconds": 3600})
        return str(answer["fault"]["id"])

    def fired(self, armed: Iterable[str]) -> dict[str, int]:
        known = {each["id"]: each for each in self._faults("GET")["faults"]}
        return {f"{known[each]['kind']} {known[each]['service']}": known[each]["fired"] for each in armed}

    def disarm(self, armed: Iterable[str]) -> None:
        for each in armed:
            self._faults("DELETE", f"/{each}")

    def _faults(self, method: str, path: str = "", document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        return self._page(f"faults{path}", body, method)

    def _page(self, path: str, body: bytes | None = None, method: str = "GET") -> Any:
        """Get one of the emulator's own pages, as its administrator."""
        pair = ":".join(os.environ[name] for name in KEY)
        headers = {"content-type": "application/json", "authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        request = urllib.request.Request(f"{self.endpoint}/_emulator/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")

    def kill_worker(self) -> bool:
        """Kill the process that answers for the worker function, as a machine of AWS would die."""
        name = f"{self.prefix}-{self.blueprint}-worker"
        rows = self._page(f"evidence?kind=lambda&resource={name}")["evidence"]
        pids = [each["pid"] for each in rows if each.get("pid")]
        try:
            os.kill(pids[-1], signal.SIGKILL)
        except (IndexError, ProcessLookupError):
            return False
        return True


START = int(time.time())
LOST = {
    "both": "requests with a result and a failure",
    "neither": "requests with neither",
    "not_told": "requests that the table heard nothing true of",
    "taken_for_another": "requests that were taken for another one",
}
"""What must not be: by its name among the figures."""
MOST = 0.9
BEHIND = 0.2
"""Of the time: where more passes after the last request was taken, the answers were behind."""


def alone(platform: Platform, requests: int) -> float:
    """Measure how many questions a second the local model answers by itself."""
    started = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(platform.converse, range(requests)))
    return requests / (time.monotonic() - started)


def run(platform: Platform, requests: int, share: float, kills: int, patience: float) -> dict[str, Any]:
    baseline = alone(platform, min(requests, 200))
    armed = platform.arm(share)
    started, killed = time.monotonic(), 0
    try:
        with ThreadPoolExecutor(CALLERS) as pool:
            futures = [pool.submit(platform.submit, number) for number in range(requests)]
            for part in range(1, kills + 1):
                futures[requests * part // (kills + 1)].result()
                killed += platform.kill_worker()
            sent = [each.result() for each in futures]
        taken = time.monotonic() - started
        most: list[float] = []
        _settled(platform, set(sent), patience, most)
        seconds = time.monotonic() - started
        fired = platform.fired(armed)
    finally:
        platform.disarm(armed)
    ends = _settled(platform, set(sent), patience)
    first = max(taken, most[0] - started) if most else seconds
    states = _heard(platform, set(sent), patience)
    outputs, failures = ends
    shape = Counter((each in outputs, each in failures) for each in sent)
    wrong = [each for each in sent if states.get(each) != ("completed" if each in outputs else "failed")]
    return {
        "requests": len(sent),
        "taken_for_another": len(sent) - len(set(sent)),
        "results": shape[True, False],
        "failures": shape[False, True],
        "both": shape[True, True],
        "neither": shape[False, False],
        "not_told": len(wrong),
        "killed": killed,
        "faults": fired,
        "seconds_taking": round(taken, 1),
        "seconds_of_nine_tenths": round(first, 1),
        "seconds": round(seconds, 1),
        "per_second": round(MOST * requests / first, 2),
        "converse_alone_per_second": round(baseline, 2),
        "ratio": round(baseline * first / (MOST * requests), 1),
        "bound_by": "answering" if first - taken > BEHIND * first else "taking",
    }


def _settled(
    platform: Platform, sent: set[str], patience: float, most: list[float] | None = None
) -> tuple[set[str], set[str]]:
    """Wait until every request has an end, or nothing more comes; `most` gets the moment when nearly all had one."""
    deadline, last = time.monotonic() + patience, -1
    while True:
        looked = time.monotonic()
        ends = platform.ids("output", ".out"), platform.ids("failures", "-error.out")
        count = len(sent & (ends[0] | ends[1]))
        if most is not None and not most and count >= MOST * len(sent):
            most.append(time.monotonic())
        if count != last:
            deadline, last = time.monotonic() + patience, count
        if count == len(sent) or time.monotonic() > deadline:
            return ends
        # Listing thousands of objects is work for the local AWS too, which has answers to give.
        time.sleep(max(2, 5 * (time.monotonic() - looked)))


def _heard(platform: Platform, sent: set[str], patience: float) -> dict[str, str]:
    deadline = time.monotonic() + patience
    while True:
        states = platform.states()
        if sent <= set(states) or time.monotonic() > deadline:
            return states
        time.sleep(2)


def tell(report: Report, seen: dict[str, Any]) -> None:
    report.goals = [Goal(what, seen[key], 0) for key, what in LOST.items()]
    report.say(
        f"{seen['requests']} requests through the deployed platform: {seen['results']} results, {seen['failures']} "
        f"failures. Meanwhile the worker was killed {seen['killed']} times, and these calls of it failed:"
    )
    report.say(table(("fault", "calls"), [(name, str(count)) for name, count in seen["faults"].items()]))
    figures = {key: number(value) for key, value in seen.items() if isinstance(value, float)}
    report.say(
        f"Taken in {figures['seconds_taking']} s, nine tenths ended after {figures['seconds_of_nine_tenths']} s, all "
        f"after {figures['seconds']} s: {figures['per_second']} requests a second, bound by {seen['bound_by']}. "
        f"Baseline: the same questions to the local model itself, {figures['converse_alone_per_second']} a second; the "
        f"whole way takes {figures['ratio']} times as long. One process is the local AWS and answers some twenty calls "
        "for each request."
    )


def main() -> int:
    made = parser(__doc__)
    made.add_argument("--endpoint", default=os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"))
    made.add_argument("--prefix", default="mlops-local")
    made.add_argument("--blueprint", default="chat-async")
    made.add_argument("--requests", type=int, default=500)
    made.add_argument("--share", type=float, default=0.02, help="of the calls that a fault hits")
    made.add_argument("--kills", type=int, default=2, help="of the worker's process")
    made.add_argument("--patience", type=float, default=240, help="seconds without any progress before giving up")
    arguments = made.parse_args()
    if not all(os.environ.get(name) for name in KEY):
        made.error('the local AWS requires its own key: eval "$(orchestrator emulator env)" first')
    report = Report("async_soak", "Asynchronous requests under faults", machine.versions("python", "moto"))
    platform = Platform(arguments.endpoint, arguments.prefix, arguments.blueprint)
    seen = run(platform, arguments.requests, arguments.share, arguments.kills, arguments.patience)
    tell(report, seen)
    return finish(report, arguments) or int(any(seen[each] for each in LOST))


if __name__ == "__main__":
    sys.exit(main())
