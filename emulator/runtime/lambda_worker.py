"""Runs the handler of a Lambda function, one event after the other.

argv: descriptor of the channel. The rest comes from the environment, as in Lambda's runtime.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import resource
import socket
import struct
import sys
import time
import traceback

TYPE_CHECKING = False  # importing `typing` would lengthen every cold start
if TYPE_CHECKING:
    from typing import Any

FRAME = struct.Struct(">II")


class Context:
    """What AWS's Python runtime passes as the second argument."""

    def __init__(self, call: dict[str, Any]) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = call["arn"]
        self.aws_request_id = call["request_id"]
        self.identity = None
        self.client_context = None
        self._deadline = call["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


class RequestIdFilter(logging.Filter):
    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


def exactly(channel: socket.socket, size: int) -> bytes:
    chunks = []
    while size:
        chunk = channel.recv(min(size, 1 << 20))
        if not chunk:
            # The server closed its end: this worker is no longer needed.
            os._exit(0)
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes]:
    header_size, body_size = FRAME.unpack(exactly(channel, FRAME.size))
    return json.loads(exactly(channel, header_size)), exactly(channel, body_size)


def send(channel: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    encoded = json.dumps(header).encode()
    channel.sendall(FRAME.pack(len(encoded), len(body)) + encoded + body)


def error_of(error: Exception, request_id: str, skip: int) -> dict[str, Any]:
    """Return an error as the runtime reports it, without the frames of this file."""
    frames = traceback.extract_tb(error.__traceback__)[skip:]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }


def load(handler: str) -> tuple[Any, dict[str, Any] | None]:
    """Return the handler's function, or an init error. `pkg/mod.fn` is accepted like `pkg.mod.fn`."""
    module_name, _, function_name = handler.replace("/", ".").rpartition(".")
    # What is imported stays: scanning it for garbage costs a third of a cold start.
    gc.disable()
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        return None, {"errorMessage": message, "errorType": "Runtime.ImportModuleError", "stackTrace": []}
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        return None, {"errorMessage": message, "errorType": "Runtime.UserCodeSyntaxError", "stackTrace": []}
    except Exception as error:
        return None, error_of(error, "", 1)
    finally:
        gc.freeze()
        gc.enable()
    function = getattr(module, function_name, None)
    if function is None:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return None, {"errorMessage": message, "errorType": "Runtime.HandlerNotFound", "stackTrace": []}
    return function, None


def set_up_logging() -> RequestIdFilter:
    """Configure logging like Lambda: one handler, level WARNING, and the request id in every line."""
    handler = logging.StreamHandler(sys.stdout)
    tag = RequestIdFilter()
    handler.addFilter(tag)
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    return tag


def peak_memory_mb() -> int:
    """Return the peak memory. Linux keeps the parent's `ru_maxrss` through `exec`, so `VmHWM` is read there."""
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
            return int(line.split()[1]) // 1024
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 20)


def answer(function: Any, call: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    event = json.loads(body)
    try:
        result = function(event, Context(call))
    except Exception as error:
        traceback.print_exc()
        return {"error": error_of(error, call["request_id"], 1)}, b""
    try:
        return {}, json.dumps(result).encode()
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return {"error": {"errorMessage": message, "errorType": "Runtime.MarshalError", "stackTrace": []}}, b""


def main() -> None:
    # This file's own folder must not be importable by the function.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    channel = socket.socket(fileno=int(sys.argv[1]))
    tag = set_up_logging()
    function, problem = load(os.environ["_HANDLER"])
    send(channel, {"init_error": problem})
    while True:
        call, body = receive(channel)
        tag.request_id = call["request_id"]
        header, result = answer(function, call, body)
        header["max_memory_mb"] = peak_memory_mb()
        send(channel, header, result)


main()
