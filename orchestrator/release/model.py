"""The state of endpoints, and the results of releases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EndpointState:
    """What an endpoint runs, and what it should run.

    Attributes:
        running: the name of its configuration.
        in_service: whether SageMaker's status is `InService`.
        version: the model version that it should run.
        pinned: whether that version was requested explicitly; else it is the live one.
        difference: a sentence that says why a release is due; empty if none is.
        last: the status of the last release; empty before the first.
        jobs: whether there is no endpoint: batch jobs use `running`, the name of a model.
    """

    running: str
    in_service: bool
    version: str
    pinned: bool
    difference: str = ""
    last: str = ""
    jobs: bool = False


@dataclass(frozen=True)
class ReleaseResult:
    """The result of a release. `changed`: whether the endpoint now runs another configuration."""

    blueprint: str
    execution_arn: str
    status: str
    """Step Functions status: SUCCEEDED, FAILED, TIMED_OUT, ABORTED."""
    changed: bool
    config_name: str | None
    error: str | None = None
    previous_config_name: str | None = None
