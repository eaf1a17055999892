"""Serves a model: loads it with the user's `model_fn`, then handles one request after the other.

argv: descriptor of the channel, model folder, module name. The handler functions and their defaults are those of
the `sagemaker-inference` toolkit that AWS's framework containers run.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import io
import json
import os
import socket
import struct
import sys
import traceback
from typing import Any

FRAME = struct.Struct(">II")
JSON, CSV = "application/json", "text/csv"
OBJECTS_OF_A_START = 200_000
"""New objects before the first garbage collection while a model is loaded."""


class Unsupported(Exception):
    """Content type without a default decoder or encoder."""


def exactly(channel: socket.socket, size: int) -> bytes:
    chunks = []
    while size:
        chunk = channel.recv(min(size, 1 << 20))
        if not chunk:
            # The endpoint was deleted.
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


def default_input(body: Any, content_type: str) -> Any:
    if content_type.startswith(JSON):
        return json.loads(body)
    if content_type.startswith(CSV):
        import numpy

        return numpy.genfromtxt(io.StringIO(body.decode()), delimiter=",")
    raise Unsupported(f"Content type {content_type} is not supported by this framework.")


def default_predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def default_output(prediction: Any, accept: str) -> tuple[str, str]:
    plain = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    if accept.startswith(JSON) or accept == "*/*":
        return json.dumps(plain), JSON
    if accept.startswith(CSV):
        rows = plain if isinstance(plain, list) else [plain]
        return "\n".join(",".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows), CSV
    raise Unsupported(f"Accept type {accept} is not supported by this framework.")


class Handlers:
    """The user's functions, each replaced by the toolkit's default where it is missing."""

    def __init__(self, folder: str, module_name: str) -> None:
        sys.path.insert(0, os.path.join(folder, "code"))
        # What is loaded at the start stays, and much of it is imported by `model_fn`: a model's pickle imports
        # scikit-learn. Scanning it for garbage as often as while serving costs a fifth of the start.
        usual = gc.get_threshold()
        gc.set_threshold(OBJECTS_OF_A_START)
        try:
            module = importlib.import_module(module_name)
            if not hasattr(module, "model_fn"):
                raise NotImplementedError(f"{module_name}.py has no model_fn, which is needed to load a model")
            self.model = call(module.model_fn, folder)
        finally:
            gc.freeze()
            gc.set_threshold(*usual)
        self.transform = getattr(module, "transform_fn", None)
        self.input = getattr(module, "input_fn", default_input)
        self.predict = getattr(module, "predict_fn", default_predict)
        self.output = getattr(module, "output_fn", default_output)

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        text = content_type.startswith((JSON, "text/"))
        if self.transform:
            result = call(self.transform, self.model, body.decode() if text else body, content_type, accept)
        else:
            # The toolkit passes text types decoded, everything else as bytes.
            data = call(self.input, body.decode() if text and self.input is not default_input else body, content_type)
            result = call(self.output, call(self.predict, data, self.model), accept)
        payload, kind = result if isinstance(result, tuple) else (result, accept)
        return payload if isinstance(payload, bytes) else str(payload).encode(), kind


def call(function: Any, *arguments: Any) -> Any:
    """Call a handler function; newer ones take a context as their last argument, which is `None` here."""
    try:
        count = len(inspect.signature(function).parameters)
    except ValueError:
        count = len(arguments)
    return function(*arguments, None) if count == len(arguments) + 1 else function(*arguments)


def main() -> int:
    channel = socket.socket(fileno=int(sys.argv[1]))
    try:
        handlers = Handlers(sys.argv[2], sys.argv[3])
    except Exception as error:
        traceback.print_exc()
        send(channel, {"ready": False, "error": f"{type(error).__name__}: {error}"})
        return 1
    send(channel, {"ready": True})
    while True:
        request, body = receive(channel)
        try:
            payload, kind = handlers.answer(body, request["content_type"], request["accept"])
            send(channel, {"status": 200, "content_type": kind}, payload)
        except Unsupported as error:
            send(channel, {"status": 415, "content_type": "text/plain"}, str(error).encode())
        except Exception as error:
            traceback.print_exc()
            message = f"{type(error).__name__}: {error}"
            send(channel, {"status": 500, "content_type": "text/plain"}, message.encode())


# This file's own folder must not be importable by the model's code.
sys.path.pop(0)
sys.exit(main())
