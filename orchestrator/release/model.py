"""What endpoints run, and how releases ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EndpointState:
    """What an endpoint runs, and what it should.

    Attributes:
        running: name of its configuration.
        in_service: whether SageMaker calls it so.
        version: the model version that it should run.
        asked: whether somebody named that version; else it is the live one.
        difference: why a release is due, in a sentence; empty when none is.
        last: how the last release ended; empty before the first.
        jobs: whether there is no endpoint: batch jobs take `running`, the name of a model.
    """

    running: str
    in_service: bool
    version: str
    asked: bool
    difference: str = ""
    last: str = ""
    jobs: bool = False


@dataclass(frozen=True)
class ReleaseResult:
    """How a release ended. `changed`: whether the endpoint runs something else now."""

    blueprint: str
    execution_arn: str
    status: str
    """Step Functions status: SUCCEEDED, FAILED, TIMED_OUT, ABORTED."""
    changed: bool
    config_name: str | None
    error: str | None = None
    previous_config_name: str | None = None
