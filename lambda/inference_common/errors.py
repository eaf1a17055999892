"""Every error that a function may answer with, and what it means to the caller and to whoever may try again.

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

`permanent`: trying again cannot help, and the target is not to blame for it. The other kinds count against
the target; which of them are tried again, and where, is `retry.py`'s business in the router.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["permanent", "transient", "throttled", "not-ready"]


LONGEST_MESSAGE = 200
"""Characters of a message. What a caller sent may be quoted in it, and must not come back by the megabyte."""

LONGEST_NAME = 64


def clipped(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """The text on one line, without control characters, and cut where it is too long."""
    head = "".join(each if each.isprintable() else " " for each in text[: longest + 1])
    return head if len(head) <= longest else f"{head[: longest - 1]}…"


class ServiceError(Exception):
    """Base: `status` is the HTTP status, the class name is the `type` of the response body.

    `message` is for the caller alone: it may quote what the caller sent. Logs get `logs.described` instead.
    """

    status = 500
    kind: Kind = "permanent"
    retry_after_seconds: int | None = None
    same_target = False
    """Whether the target that failed may be asked once more within the same request."""
    charged = False
    """The model has begun to answer: asking anyone else would be paid for twice."""

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
    """The request breaks the schema; the message says where, and `param` names the field if there is one."""

    status = 400

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = clipped(param, LONGEST_NAME) if param is not None else None


class UnsupportedMediaType(BadRequest):
    """The body is in a format that no blueprint reads."""

    status = 415


class Forbidden(ServiceError):
    """The caller's token does not name this blueprint."""

    status = 403


class UnknownBlueprint(ServiceError):
    """No route record exists under the name that was asked for."""

    status = 404


class UnknownRequest(ServiceError):
    """No job or asynchronous request of this id was taken."""

    status = 404


class PayloadTooLarge(ServiceError):
    """The request, or its answer, is larger than something on its way carries."""

    status = 413


class GuardrailBlocked(ServiceError):
    """The blueprint's guardrail stopped the input or the output; the message is the guardrail's own."""

    status = 422

    def __init__(self, message: str, stage: Literal["input", "output"]) -> None:
        super().__init__(message)
        self.stage = stage


class InternalError(ServiceError):
    """A defect or a missing permission of ours; the log has the details, the caller does not."""

    status = 500


class ModelFailed(ServiceError):
    """The model's own code answered with an error."""

    status = 424
    kind: Kind = "transient"
    same_target = True


class MalformedAnswer(ModelFailed):
    """The model answered, and not as agreed; asked again it would, and would be paid again."""

    kind = "permanent"
    same_target = False
    charged = True


class AnswerCutOff(ServiceError):
    """The connection broke after the answer had begun."""

    status = 502
    kind = "transient"
    charged = True


class Unavailable(ServiceError):
    """The service failed, or cannot be reached."""

    status = 503
    kind = "transient"
    retry_after_seconds = 1
    same_target = True


class DeadlineExceeded(ServiceError):
    """No answer within the time that the API leaves, or that the route gives a target."""

    status = 504
    kind = "transient"


class Throttled(ServiceError):
    """The backend's rate or quota is used up."""

    status = 429
    kind = "throttled"
    retry_after_seconds = 1
    same_target = True


class NotReady(ServiceError):
    """The backend exists in name only, or is still starting: longer than a request can wait."""

    status = 503
    kind = "not-ready"
    retry_after_seconds = 5

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds or type(self).retry_after_seconds
