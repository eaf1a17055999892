"""Lambda: one warm subprocess per concurrent invocation of one version of one function.

The deployed zip is unpacked once per content hash. Workers import the handler from there, under a session of the
function's role. A worker that times out, dies or reports an init error is discarded, as Lambda discards a sandbox.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.core import processes
from emulator.core.aws import Aws
from emulator.core.channel import Channel, ChannelClosed
from emulator.core.evidence import STORE, Evidence, describe_exit

WORKER = Path(__file__).parents[2] / "runtime" / "lambda_worker.py"
INIT_SECONDS = 30.0
"""AWS allows ten seconds for initialisation on its machines; a busy laptop needs more for the same imports."""
MAX_WORKERS_PER_FUNCTION = 8


class Throttled(Exception):
    """The function's reserved concurrency is used up."""


@dataclass(frozen=True)
class Package:
    """A deployed zip; `sha256` is of its bytes, in hexadecimal."""

    sha256: str
    content: bytes = field(repr=False, compare=False)


@dataclass(frozen=True)
class Function:
    """One deployed version of a function, with all that a worker needs."""

    name: str
    arn: str
    version: str
    region: str
    role_arn: str
    handler: str
    runtime: str
    memory_mb: int
    timeout_seconds: int
    variables: tuple[tuple[str, str], ...]
    package: Package
    layers: tuple[Package, ...] = ()
    reserved_concurrency: int | None = None

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


@dataclass(frozen=True)
class Outcome:
    """The outcome of an invocation; `payload` is the result or the error as JSON."""

    payload: str
    failed: bool
    log: str
    log_stream: str
    evidence_id: str


class _Failure(Exception):
    """An invocation that ended without a response of the handler."""

    def __init__(self, error_type: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.document = {"errorType": error_type, "errorMessage": message, **more}


class Worker:
    """One subprocess with the handler loaded."""

    def __init__(self, aws: Aws, function: Function, root: Path, layers: list[Path]) -> None:
        self.function = function
        stream_id = uuid.uuid4().hex
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{stream_id}"
        self.credentials = aws.assume(
            function.role_arn, function.name, service="lambda.amazonaws.com", source_arn=function.arn
        )
        self._output = processes.output_file(aws.settings.data_dir)
        self._channel = Channel()
        self._init_error: dict[str, Any] | None = None
        self._ready = False
        self.process = self._start(aws, root, layers)

    def _start(self, aws: Aws, root: Path, layers: list[Path]) -> subprocess.Popen[bytes]:
        function = self.function
        path = [str(root), *(str(layer / "python") for layer in layers)]
        env = processes.environment(
            endpoint=aws.settings.endpoint,
            region=function.region,
            home=root,
            credentials=self.credentials,
            extra={
                **dict(function.variables),
                "PYTHONPATH": os.pathsep.join(path),
                "LAMBDA_TASK_ROOT": str(root),
                "_HANDLER": function.handler,
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
                "AWS_LAMBDA_FUNCTION_NAME": function.name,
                "AWS_LAMBDA_FUNCTION_VERSION": function.version,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
                "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
                "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            },
        )
        process = processes.spawn(
            [aws.settings.lambda_python, WORKER, str(self._channel.child_fd)],
            env=env,
            cwd=root,
            stdout=self._output,
            pass_fds=[self._channel.child_fd],
        )
        self._channel.started()
        return process

    @property
    def usable(self) -> bool:
        return self.process.poll() is None and self._init_error is None

    def invoke(self, request_id: str, payload: str) -> tuple[str, dict[str, object]]:
        """Return the handler's JSON result and what the worker reports about itself. Raise `_Failure` otherwise."""
        try:
            self._await_ready()
            return self._converse(request_id, payload)
        except ChannelClosed as error:
            # A closed channel means that the process is ending: its exit code follows in a moment.
            code = processes.kill_group(self.process, grace_seconds=2)
            reason = f"signal: {-code}" if code < 0 else f"exit status {code}"
            raise _Failure(
                "Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: {reason}"
            ) from error

    def _await_ready(self) -> None:
        if self._ready:
            return
        try:
            hello, _ = self._channel.receive(timeout=INIT_SECONDS)
        except TimeoutError as error:
            self.stop()
            raise _Failure("Sandbox.Timedout", f"Init timed out after {INIT_SECONDS:.0f} seconds") from error
        self._ready = True
        self._init_error = hello["init_error"]

    def _converse(self, request_id: str, payload: str) -> tuple[str, dict[str, object]]:
        if self._init_error:
            raise _reported({**self._init_error, "requestId": request_id})
        seconds = float(self.function.timeout_seconds)
        call = {"request_id": request_id, "arn": self.function.arn, "deadline": time.time() + seconds}
        try:
            self._channel.send(call, payload.encode(), timeout=seconds)
            header, body = self._channel.receive(timeout=seconds)
        except TimeoutError as error:
            self.stop()
            message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            raise _Failure("Sandbox.Timedout", message) from error
        if header.get("error"):
            raise _reported(header["error"])
        return body.decode(), header

    def read_output(self) -> str:
        """Return what the process printed since the last call."""
        self._output.seek(0)
        text = self._output.read().decode(errors="replace")
        # Both sides have opened the file for appending, so the worker continues at the new end.
        self._output.truncate(0)
        return text

    def stop(self) -> None:
        processes.kill_group(self.process)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()
        self._channel.close()
        self._output.close()
        STORE.lend_credentials(self.credentials.access_key_id, None)


class _Pool:
    """The workers of one function, all made from the same code and configuration."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.idle: list[Worker] = []
        self.busy = 0
        self.condition = threading.Condition()


class LambdaRuntime:
    """All functions of this emulator."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._root = aws.settings.data_dir / "functions"
        self._lock = threading.Lock()
        self._pools: dict[str, _Pool] = {}

    def invoke(self, function: Function, payload: str, request_id: str | None = None) -> Outcome:
        """Run the handler on this JSON text. Raises `Throttled`; every other failure is in the outcome."""
        request_id = request_id or str(uuid.uuid4())
        pool = self._pool(function)
        self._admit(pool, function)
        record = STORE.begin(
            "lambda",
            function.name,
            artifact_sha256=function.package.sha256,
            detail={"request_id": request_id, "version": function.version, "needs_process": True},
        )
        worker: Worker | None = None
        try:
            worker, fresh = self._worker(pool, function)
            STORE.update(record.id, pid=worker.process.pid)
            STORE.lend_credentials(worker.credentials.access_key_id, record.id)
            return _run(worker, record, request_id, payload, fresh=fresh)
        except Exception as error:
            STORE.fail(record.id, f"{type(error).__name__}: {error}")
            raise
        finally:
            self._release(pool, worker)

    def retire(self, arn: str) -> None:
        """Stop the workers of a deleted function: idle ones now, busy ones after their invocation."""
        with self._lock:
            pool = self._pools.pop(arn, None)
        if pool:
            _close_idle(pool)

    def shutdown(self) -> None:
        for arn in list(self._pools):
            self.retire(arn)

    def _pool(self, function: Function) -> _Pool:
        with self._lock:
            pool = self._pools.get(function.arn)
            outdated = pool if pool and pool.function != function else None
            if pool is None or outdated:
                pool = self._pools[function.arn] = _Pool(function)
        if outdated:
            _close_idle(outdated)
        return pool

    def _admit(self, pool: _Pool, function: Function) -> None:
        with pool.condition:
            reserved = function.reserved_concurrency
            if reserved is not None and pool.busy >= reserved:
                raise Throttled(function.name)
            # Lambda would start more sandboxes; on one machine further callers wait.
            pool.condition.wait_for(lambda: pool.busy < MAX_WORKERS_PER_FUNCTION)
            pool.busy += 1

    def _worker(self, pool: _Pool, function: Function) -> tuple[Worker, bool]:
        while True:
            with pool.condition:
                idle = pool.idle.pop() if pool.idle else None
            if idle is None:
                break
            if idle.usable:
                return idle, False
            idle.close()
        root = self._unpacked(function.package)
        layers = [self._unpacked(layer) for layer in function.layers]
        return Worker(self._aws, function, root, layers), True

    def _release(self, pool: _Pool, worker: Worker | None) -> None:
        current = pool in self._pools.values()
        if worker:
            STORE.lend_credentials(worker.credentials.access_key_id, None)
        with pool.condition:
            pool.busy -= 1
            keep = worker is not None and worker.usable and current
            if worker and keep:
                pool.idle.append(worker)
            pool.condition.notify()
        if worker and not keep:
            worker.close()

    def _unpacked(self, package: Package) -> Path:
        target = self._root / package.sha256[:32]
        with self._lock:
            if not target.exists():
                draft = target.with_name(f"{target.name}.draft")
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
                with zipfile.ZipFile(io.BytesIO(package.content)) as opened:
                    opened.extractall(draft)
                draft.rename(target)
        return target


def _close_idle(pool: _Pool) -> None:
    with pool.condition:
        idle, pool.idle = pool.idle, []
    for worker in idle:
        worker.close()


def _run(worker: Worker, record: Evidence, request_id: str, payload: str, *, fresh: bool) -> Outcome:
    started = time.monotonic()
    about: dict[str, object] = {}
    failure: dict[str, object] | None = None
    result = ""
    try:
        result, about = worker.invoke(request_id, payload)
    except _Failure as error:
        failure = error.document
        result = json.dumps(failure)
    milliseconds = (time.monotonic() - started) * 1000
    code = worker.process.poll()
    seen: dict[str, object] = {"cold_start": fresh, "milliseconds": round(milliseconds, 1)}
    if failure is None:
        STORE.succeed(record.id, exit_code=code, detail=seen)
    else:
        reason = f"{failure['errorType']}: {failure['errorMessage']}"
        STORE.fail(record.id, reason + (f" ({describe_exit(code)})" if code else ""), exit_code=code, detail=seen)
    log = _log_lines(worker, request_id, milliseconds, about, failure, fresh=fresh)
    return Outcome(result, failure is not None, log, worker.log_stream, record.id)


def _log_lines(
    worker: Worker,
    request_id: str,
    milliseconds: float,
    about: dict[str, object],
    failure: dict[str, object] | None,
    *,
    fresh: bool,
) -> str:
    """Return the log with the lines that Lambda writes around the function's output."""
    function = worker.function
    lines = [f"INIT_START Runtime Version: {function.runtime} (local subprocess {worker.process.pid})"] if fresh else []
    lines += [f"START RequestId: {request_id} Version: {function.version}", *worker.read_output().splitlines()]
    if failure:
        lines.append(f"[ERROR] {failure['errorType']}: {failure['errorMessage']}")
    lines += [
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tBilled Duration: {milliseconds + 1:.0f} ms\t"
        f"Memory Size: {function.memory_mb} MB\tMax Memory Used: {about.get('max_memory_mb', 0)} MB",
    ]
    return "\n".join(lines)


def _reported(document: dict[str, Any]) -> _Failure:
    """Return the failure that a worker reports."""
    more = {name: value for name, value in document.items() if name not in ("errorType", "errorMessage")}
    return _Failure(document["errorType"], document["errorMessage"], **more)


def in_background(work: Callable[[], None], name: str) -> None:
    """Run in a daemon thread, for which the server does not wait when it stops."""
    threading.Thread(target=work, name=name, daemon=True).start()
