"""Every error that a function may answer with, and what it means to the caller.

ServiceError
├── permanent: trying again cannot help
│   ├── BadRequest          400
│   ├── UnknownBlueprint    404
│   ├── ModelFailed         424
│   └── InternalError       500
└── transient: the caller, or the next target, may try again
    ├── Throttled           429
    ├── NotReady            503 + Retry-After
    └── DeadlineExceeded    504
"""

from __future__ import annotations


class ServiceError(Exception):
    """Base: `status` is the HTTP status, the class name is the `type` of the response body."""

    status = 500
    transient = False
    retry_after_seconds: int | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def type(self) -> str:
        return type(self).__name__


class BadRequest(ServiceError):
    """The request breaks the schema; the message says where."""

    status = 400


class UnknownBlueprint(ServiceError):
    """No route record exists under the name in the path."""

    status = 404


class ModelFailed(ServiceError):
    """The model's own code answered with an error."""

    status = 424


class InternalError(ServiceError):
    """A defect or a missing permission of ours; the log has the details, the caller does not."""

    status = 500


class Throttled(ServiceError):
    """The backend's rate or quota is used up."""

    status = 429
    transient = True
    retry_after_seconds = 1


class NotReady(ServiceError):
    """The backend exists in name only, or is still starting."""

    status = 503
    transient = True
    retry_after_seconds = 5


class DeadlineExceeded(ServiceError):
    """No answer within the time that the API leaves."""

    status = 504
    transient = True
