"""Define the errors of all functions, and what they mean for callers and retries.

ServiceError                      kind        HTTP  Retry-After
├── BadRequest                    permanent   400
│   └── UnsupportedMediaType      permanent   415
├── Forbidden                     permanent   403
├── UnknownBlueprint              permanent   404
├── UnknownRequest                permanent   404
├── PayloadTooLarge               permanent   413
├── GuardrailBlocked              permanent   422
├── InternalError                 permanent   500
├── ModelFailed                   transient   424
│   └── MalformedAnswer           permanent   424
├── AnswerCutOff                  transient   502
├── Unavailable                   transient   503   1 s
├── DeadlineExceeded              transient   504
├── Throttled                     throttled   429   1 s
└── NotReady                      not-ready   503   5 s

`permanent`: retrying cannot help, and the target is not to blame. The other kinds count against the target;
`inference_routing.retry` decides which of them are retried, and where.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["permanent", "transient", "throttled", "not-ready"]


LONGEST_MESSAGE = 200
"""Maximum characters of a message, which may quote the caller's input."""

LONGEST_NAME = 64


def clipped(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Return the text on one line, without control characters, truncated if too long."""
    head = "".join(each if each.isprintable() else " " for each in text[: longest + 1])
    return head if len(head) <= longest else f"{head[: longest - 1]}…"


class ServiceError(Exception):
    """Base class: `status` is the HTTP status, the class name is the `type` in the response body.

    `message` is for the caller only: it may quote the caller's input. Logs get `logs.described` instead.
    """

    status = 500
    kind: Kind = "permanent"
    retry_after_seconds: int | None = None
    same_target = False
    """Whether the failed target may be retried within the same request."""
    charged = False
    """Whether the model has been charged: trying another target would be paid for twice."""

    def __init__(self, message: str) -> None:
        self.message = clipped(message)
        super().__init__(self.message)

    @property
    def type(self) -> str:
        return type(self).__name__

    @property
    def transient(self) -> bool:
        return self.kind != "permanent"


class BadRequest(ServiceError):
    """The request violates the schema; the message says where, and `param` names the field, if any."""

    status = 400

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = clipped(param, LONGEST_NAME) if param is not None else None


class UnsupportedMediaType(BadRequest):
    """The body has an unsupported format."""

    status = 415


class Forbidden(ServiceError):
    """The caller's token does not permit this blueprint."""

    status = 403


class UnknownBlueprint(ServiceError):
    """There is no route record of this name."""

    status = 404


class UnknownRequest(ServiceError):
    """There is no job or asynchronous request with this id."""

    status = 404


class PayloadTooLarge(ServiceError):
    """The request or response exceeds a size limit."""

    status = 413


class GuardrailBlocked(ServiceError):
    """The blueprint's guardrail blocked the input or the output; the message is the guardrail's own."""

    status = 422

    def __init__(self, message: str, stage: Literal["input", "output"]) -> None:
        super().__init__(message)
        self.stage = stage


class InternalError(ServiceError):
    """A defect or a missing permission of the platform; details are only logged."""

    status = 500


class ModelFailed(ServiceError):
    """The model's own code returned an error."""

    status = 424
    kind: Kind = "transient"
    same_target = True


class MalformedAnswer(ModelFailed):
    """The model's answer violates the contract; a retry would cost again and give the same."""

    kind = "permanent"
    same_target = False
    charged = True


class AnswerCutOff(ServiceError):
    """The connection broke after the answer had begun."""

    status = 502
    kind = "transient"
    charged = True


class Unavailable(ServiceError):
    """The service failed or cannot be reached."""

    status = 503
    kind = "transient"
    retry_after_seconds = 1
    same_target = True


class DeadlineExceeded(ServiceError):
    """There was no answer within the time limit of the API or of the target."""

    status = 504
    kind = "transient"


class Throttled(ServiceError):
    """The backend's rate limit or quota is exhausted."""

    status = 429
    kind = "throttled"
    retry_after_seconds = 1
    same_target = True


class NotReady(ServiceError):
    """The backend does not exist yet or is starting, which takes longer than a request can wait."""

    status = 503
    kind = "not-ready"
    retry_after_seconds = 5

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds or type(self).retry_after_seconds
