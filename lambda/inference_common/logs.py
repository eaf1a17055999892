"""Log JSON lines with the request id. User input and model output are logged only if a route enables it.

Exception messages, including those of AWS, may quote user input. Log lines therefore contain the type and origin of an
error but never its message: `described` for handled errors, the formatter for tracebacks.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from typing import Any

AWS_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")
BLUEPRINT = re.compile(r"[a-z][a-z0-9-]{0,62}")
LONGEST_CHAIN = 8
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object: level, logger, message, `extra` fields and the origin of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({k: v for k, v in vars(record).items() if k not in _STANDARD})
        if record.exc_info:
            line["exception"] = chain(record.exc_info[1])
        return json.dumps(line, default=str)


def described(error: BaseException) -> dict[str, str]:
    """Return the log fields of an error: its type, its AWS error code, and where it was raised."""
    fields = {"error": type(error).__name__, "at": _place(error)}
    code = getattr(error, "response", None)
    code = code.get("Error", {}).get("Code") if isinstance(code, dict) else None
    if isinstance(code, str) and AWS_CODE.fullmatch(code):
        fields["code"] = code
    return fields


def without_message(error: BaseException) -> Exception:
    """Return the error to raise from a handler: Lambda logs its message, and invokers only use its name."""
    bare: type[Exception] = type(type(error).__name__, (Exception,), {})
    return bare(f"raised at {_place(error)}; the log line before says more")


def chain(error: BaseException | None) -> list[dict[str, str]]:
    """Describe an error and its causes, outermost first, without their messages."""
    errors: list[dict[str, str]] = []
    while error is not None and len(errors) < LONGEST_CHAIN:
        errors.append(described(error) | {"stack": _stack(error)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return errors


def _stack(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{_short(frame.filename)}:{frame.lineno}" for frame in frames)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{_short(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown"


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])


class StdoutHandler(logging.Handler):
    """Writes to the current stdout."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stdout, flush=True)  # noqa: T201


def get_logger(name: str) -> logging.Logger:
    """Return the function's logger, which does not propagate to Lambda's own root handler."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        handler = StdoutHandler()
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
        logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
        logger.propagate = False
    return logger


class BoundLogger(logging.LoggerAdapter):  # type: ignore[type-arg]
    """A logger that adds fields to each line (LoggerAdapter merges them only from Python 3.13 on)."""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


def bind(logger: logging.Logger, **fields: Any) -> BoundLogger:
    """Add fields to all lines. The blueprint's name comes from the caller, so it is logged only if it is valid."""
    if "blueprint" in fields and not BLUEPRINT.fullmatch(str(fields["blueprint"])):
        fields["blueprint"] = "(not a name)"
    return BoundLogger(logger, fields)
