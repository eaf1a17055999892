"""Serve scans to the policy gate: checkov is loaded once, and each scan runs in a forked child.

Runs under `.venv-checkov/bin/python`, because checkov pins an old boto3; therefore it imports nothing of the project
except `worker_scan.py` and `checkov_patches.py`. Started by `worker_start.py`. Reads one JSON object per line from
stdin and writes one to stdout for each:

    argv: <folder of the project's rules>
    out:  {"ready": {"loaded": {rule id: name}, "problems": [warnings of checkov while it loaded the rules]}}
    in:   {"mode": "source", "path": "<folder>", "parts": [folders below it]} | {"mode": "plan", "path": "<plan.json>"}
    out:  {"result": {...}} | {"error": "..."}

Why not the command line: it takes ten times longer to start than to scan, and it exits with 0 when a rule could not be
loaded or crashed. Why a child per scan: checkov keeps parser and graph state in module globals, and a scan must not see
the state of an earlier one. Parts of a source are scanned in parallel, one per core.
"""

from __future__ import annotations

import gc
import json
import os
import select
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from orchestrator.policy import checkov_patches, worker_scan
from orchestrator.policy.checkov_patches import Json


def answer(request: Json) -> Json:
    """Scan all parts of a request and merge their results."""
    requests = [{**request, "part": part} for part in request.get("parts") or [request["path"]]]
    waiting = requests[::-1]
    results: list[Json] = []
    running: dict[int, tuple[int, bytearray]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            pipe, child = scan_in_child(waiting.pop())
            running[pipe] = (child, bytearray())
        for pipe in select.select(list(running), [], [])[0]:
            child, output = running[pipe]
            if chunk := os.read(pipe, 1 << 20):
                output += chunk
                continue
            os.close(pipe)
            del running[pipe]
            _, status = os.waitpid(child, 0)
            if status:
                results.append({"error": f"the scan process ended with status {os.waitstatus_to_exitcode(status)}"})
            else:
                results.append(json.loads(output))
    failed = [result for result in results if "error" in result]
    return failed[0] if failed else {"result": merge([result["result"] for result in results], request["path"])}


def merge(results: list[Json], folder: str) -> Json:
    """Merge the results of a source's parts.

    A module that several parts call is reported once. A rule ran if it ran on every part.
    """
    merged: Json = {}
    for key in ("failed", "passed", "judged"):
        merged[key] = list(unique(result[key] for result in results))
    if os.path.isdir(folder):  # not a plan
        for item in merged["failed"]:
            item["file"] = "/" + os.path.relpath(item["path"], folder)
    merged["ran"] = sorted(set.intersection(*(set(result["ran"]) for result in results)))
    merged["crashed"] = {rule: what for result in results for rule, what in result["crashed"].items()}
    merged["parsing_errors"] = sorted({error for result in results for error in result["parsing_errors"]})
    return merged


def unique(lists: Iterable[list[Any]]) -> Iterable[Any]:
    return {json.dumps(item, sort_keys=True): item for items in lists for item in items}.values()


def scan_in_child(request: Json) -> tuple[int, int]:
    """Fork a process that scans and writes its response to a pipe; return the pipe's reading end and the process id.

    The child exits without running the parent's exit handlers.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    code = 1
    try:
        try:
            response: Json = {"result": worker_scan.scan(request)}
        except Exception:
            response = {"error": traceback.format_exc(limit=-6)}
        send(writing, response)
        code = 0
    finally:
        os._exit(code)


def send(pipe: int, message: Json) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(pipe, data) :]


def main() -> None:
    responses = os.dup(1)
    os.dup2(2, 1)  # checkov's own output must not mix with the responses
    checkov_patches.install()
    ready = worker_scan.load_rules(sys.argv[1])
    # The children inherit all of these objects and free none of them; searching them for garbage would take an eighth
    # of each child's time. A scan's own garbage is freed when its process ends.
    gc.disable()
    gc.freeze()
    send(responses, {"ready": ready})
    for line in sys.stdin:
        send(responses, answer(json.loads(line)))
