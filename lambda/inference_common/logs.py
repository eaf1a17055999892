"""Log lines as JSON with the request's id. What users send and models answer is logged only if a route says so.

Messages of exceptions quote what they are about, those of AWS's services too. So a log line says of an error what it is
and where it was raised, and never its message: `described` for a handled one, the formatter for a traceback.
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
    """One object per line: level, logger, message, the `extra` fields, and where an exception comes from."""

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
    """Fields of a log line about an error: its type, AWS's code if it has one, and where it was raised."""
    found = {"error": type(error).__name__, "at": _place(error)}
    code = getattr(error, "response", None)
    code = code.get("Error", {}).get("Code") if isinstance(code, dict) else None
    if isinstance(code, str) and AWS_CODE.fullmatch(code):
        found["code"] = code
    return found


def without_message(error: BaseException) -> Exception:
    """The error to end a function with: Lambda logs what escapes a handler, and its callers go by the name alone."""
    bare: type[Exception] = type(type(error).__name__, (Exception,), {})
    return bare(f"raised at {_place(error)}; the log line before says more")


def chain(error: BaseException | None) -> list[dict[str, str]]:
    """The error and what caused it, outermost first, without their messages."""
    found: list[dict[str, str]] = []
    while error is not None and len(found) < LONGEST_CHAIN:
        found.append(described(error) | {"stack": _stack(error)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _stack(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{_short(frame.filename)}:{frame.lineno}" for frame in frames)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{_short(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown"


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])


class StdoutHandler(logging.Handler):
    """Writes to whatever stdout is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stdout, flush=True)  # noqa: T201


def get_logger(name: str) -> logging.Logger:
    """The function's logger. Lambda's own root handler is left alone, so lines must not propagate to it."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        handler = StdoutHandler()
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
        logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
        logger.propagate = False
    return logger


class BoundLogger(logging.LoggerAdapter):  # type: ignore[type-arg]
    """A logger that adds its fields to each line (LoggerAdapter itself merges them only from Python 3.13)."""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


def bind(logger: logging.Logger, **fields: Any) -> BoundLogger:
    """Name what the lines are about. A blueprint's name comes from the caller, so it is told only if it can be one."""
    if "blueprint" in fields and not BLUEPRINT.fullmatch(str(fields["blueprint"])):
        fields["blueprint"] = "(not a name)"
    return BoundLogger(logger, fields)
