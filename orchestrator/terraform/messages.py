"""Turn Terraform's failures into errors that name the place and the remedy."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from orchestrator.core.types import Json
from orchestrator.errors import PlatformError, StateLocked, TerraformError, TerraformKilled
from orchestrator.system import trouble
from orchestrator.system.process import Completed

_SHOWN = 5
_LOCK_FIELDS = ("ID", "Path", "Operation", "Who", "Created")
LOCKED = "wait for that run; `orchestrator unlock {}` shows whether it is alive, and releases the lock if it is not"

EXISTS = (
    r"BucketAlreadyOwnedByYou|(?<!Bucket)Already_?Exists|already exist|is already created|QueueNameExists"
    r"|WAFDuplicateItem|\.Duplicate\b|creating [^\n]*(?:Conflict|ResourceInUse)(?:Exception|Fault)?\b"
)
"""Error codes and texts of services for a resource that already exists.

`BucketAlreadyExists` is left out: it means another account's bucket.
"""

_LEFT_BY_A_KILL = {
    "plan": "its lock may still be held",
    "apply": "its last changes may be missing from its state, and its lock may still be held",
    "import": "its imports may be missing from its state, and its lock may still be held",
    "state push": "its lock may still be held",
}
HINTS = (
    (
        EXISTS,
        "It exists but is in no state, as after a killed run: `orchestrator recover ENV` shows where it belongs, and "
        "imports or removes it.",
    ),
    (
        r"No valid credential sources|ExpiredToken|InvalidClientTokenId",
        "Sign in to AWS again, then repeat the command.",
    ),
    (r"Saved plan is stale", "The state has changed since; run the command again."),
    (
        r"Inconsistent dependency lock file|doesn't match any of the checksums",
        "The committed provider lock file does not cover this machine's provider; run `make setup`.",
    ),
    (
        r"Failed to query available provider packages|could not connect to registry|Failed to install provider",
        "The provider is available neither from the registry nor from a mirror; run `make setup`.",
    ),
    (r"connection refused", "The service behind the endpoint does not answer; see `orchestrator emulator status`."),
    (
        r"Plugin did not respond",
        "A provider died. What it was creating may exist but be in no state: check with `orchestrator recover ENV`, "
        "then run the same command again.",
    ),
    (r"AccessDenied|not authorized to perform", "The role in use lacks this permission."),
)
"""The first match wins. `ENV` is replaced by the environment's name."""


def failure(
    stack: str, command: str, done: Completed, events: Sequence[Json], *, environment: str = "ENV"
) -> PlatformError:
    """Return the error for a terraform command that failed, was interrupted or was killed."""
    errors = [event["diagnostic"] for event in events if _is_error(event)]
    lock = _lock(stack, errors, done, environment)
    if lock is not None:
        return lock
    if done.exit_code < 0:
        return _killed(stack, command, done, environment)
    text = "\n".join(describe(diagnostic) for diagnostic in errors[:_SHOWN])
    if len(errors) > _SHOWN:
        text += f"\nand {len(errors) - _SHOWN} more"
    if done.cancelled:
        return TerraformError(
            f"terraform {command} of `{stack}` was interrupted" + (f":\n{text}" if text else ""),
            hint="Completed changes are in the state; run the same command again to continue.",
        )
    refused = trouble.from_output(f"{text}\n{done.stderr}", f"terraform {command} of `{stack}`")
    if refused is not None:
        return refused
    text = text or done.stderr.strip() or _plain(events) or f"exit code {done.exit_code} without any output"
    return TerraformError(f"terraform {command} of `{stack}` failed:\n{text}", hint=_hint(text, environment))


def _killed(stack: str, command: str, done: Completed, environment: str) -> TerraformError:
    number = -done.exit_code
    known = {each.value: each.name for each in signal.Signals}
    memory = ", often because the system is out of memory" if number == signal.SIGKILL else ""
    message = f"terraform {command} of `{stack}` was killed ({known.get(number, f'signal {number}')}{memory})"
    left = _LEFT_BY_A_KILL.get(command)
    if left is None:
        return TerraformError(message, hint="It changed nothing; run the same command again.")
    return TerraformKilled(f"{message}; {left}", hint=f"run `orchestrator resume {environment}`, which cleans up")


def describe(diagnostic: Json) -> str:
    """Write a diagnostic as `aws_s3_bucket.data (bucket.tf:12): summary: detail`, without the unknown parts."""
    place = diagnostic.get("range")
    where = f"{place['filename']}:{place['start']['line']}" if place else ""
    address = diagnostic.get("address", "")
    head = f"{address} ({where})" if address and where else address or where
    detail = str(diagnostic.get("detail", "")).strip()
    text = ": ".join(part for part in (head, str(diagnostic.get("summary", "")).strip()) if part)
    return f"{text}\n{detail}" if detail else text


def _is_error(event: Json) -> bool:
    return event.get("type") == "diagnostic" and event["diagnostic"].get("severity") == "error"


def _lock(stack: str, errors: Sequence[Json], done: Completed, environment: str) -> StateLocked | None:
    text = "\n".join([*(describe(diagnostic) for diagnostic in errors), done.stderr])
    if "Error acquiring the state lock" not in text:
        return None
    info = {name: value for name in _LOCK_FIELDS if (value := _field(text, name))}
    if not info:
        return StateLocked(f"the state of `{stack}` cannot be locked:\n{text.strip()}", hint=LOCKED.format(environment))
    user, _, host = info.get("Who", "an unknown user").partition("@")
    message = (
        f"the state of `{stack}` is locked by {user}"
        + (f" on {host}" if host else "")
        + f" since {info.get('Created', 'an unknown time')} ({info.get('Operation', 'unknown operation')})"
    )
    return StateLocked(message, hint=LOCKED.format(environment))


def _field(text: str, name: str) -> str | None:
    match = re.search(rf"^\s*{name}:[ \t]*(\S.*?)\s*$", text, re.MULTILINE)
    return match.group(1) if match else None


def _plain(events: Sequence[Json]) -> str:
    return "\n".join(event["@message"] for event in events if event.get("type") == "raw")


def _hint(text: str, environment: str) -> str | None:
    return next((hint.replace("ENV", environment) for pattern, hint in HINTS if re.search(pattern, text)), None)
