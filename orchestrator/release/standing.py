"""Compare what an endpoint runs, or batch jobs use, with its specification and version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.client import error_code, explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.release.model import EndpointState

BAD_ENDS = ("failed", "rolled-back", "stuck")


@dataclass(frozen=True)
class Standing:
    """The state of an endpoint, or of a batch blueprint's jobs, which use a model as endpoints run a configuration.

    Attributes:
        expected: the name of the configuration that it should run; derived from the content.
        running: the name of the configuration that it runs.
        status: SageMaker's status.
        pinned: whether the version was requested explicitly; else it is the live one.
        record: the record of the last release; empty before the first.
        description: SageMaker's description.
        jobs: whether it is about jobs.
    """

    endpoint: str
    expected: str
    running: str
    status: str
    version: str
    pinned: bool
    record: Json
    description: Mapping[str, Any]
    jobs: bool = False

    @property
    def settled(self) -> bool:
        return self.status == "InService" and self.running == self.expected

    @property
    def difference(self) -> str:
        """A sentence about the difference; empty if there is none."""
        if self.settled:
            return ""
        if self.status != "InService":
            reason = f": {self.description['FailureReason']}" if self.description.get("FailureReason") else ""
            return f"the endpoint {self.endpoint} is {self.status}, not InService{reason}"
        what = f"jobs of {self.endpoint} use" if self.jobs else f"the endpoint {self.endpoint} runs"
        sentence = f"{what} {self.running}, but specification and version require {self.expected}"
        if self.record.get("status") in BAD_ENDS:
            sentence += f"; the last release {self.record['status']}: {self.record.get('reason', 'no reason given')}"
        return sentence


def standing(cloud: Cloud, parameter: str) -> Standing:
    """Read the state of the endpoint whose specification is in a parameter (`…/releases/specs/<blueprint>`)."""
    spec = _required(cloud, parameter)
    record = read_parameter(cloud, parameter.replace("/specs/", "/records/")) or {}
    pinned = bool(record.get("asked") and record.get("model_package_arn"))
    decides = record if pinned else _required(cloud, spec["live_parameter_name"])
    version = decides["model_package_arn"]
    if "jobs_name" in spec:
        return _of_jobs(cloud, spec, record, str(version), pinned)
    name = str(spec["endpoint_name"])
    with explained(cloud, f"describe the endpoint {name}"):
        described = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
    return Standing(
        endpoint=name,
        expected=configuration_name(spec, version),
        running=str(described["EndpointConfigName"]),
        status=str(described["EndpointStatus"]),
        version=str(version),
        pinned=pinned,
        record=record,
        description=described,
    )


def _of_jobs(cloud: Cloud, spec: Json, record: Json, version: str, pinned: bool) -> Standing:
    name = str(record.get("config_name") or spec["launch_config_name"])
    with explained(cloud, f"describe the model {name}"):
        described = cloud.client("sagemaker").describe_model(ModelName=name)
    expected = configuration_name(spec, version)
    return Standing(str(spec["jobs_name"]), expected, name, "InService", version, pinned, record, described, jobs=True)


def endpoints(cloud: Cloud, parameters: Mapping[str, str]) -> dict[str, EndpointState]:
    """Return the state of endpoints and batch jobs by blueprint, from the parameters of their specifications."""
    standings = {name: standing(cloud, parameter) for name, parameter in parameters.items()}
    return {
        name: EndpointState(
            running=each.running,
            in_service=each.status == "InService",
            version=each.version,
            pinned=each.pinned,
            difference=each.difference,
            last=str(each.record.get("status", "")),
            jobs=each.jobs,
        )
        for name, each in standings.items()
    }


def configuration_name(spec: Mapping[str, Any], version: str) -> str:
    """Name a configuration, as the state machine and Terraform's launch configuration do."""
    return f"{spec.get('endpoint_name') or spec['jobs_name']}-{spec['hash']}-v{version.rsplit('/', 1)[-1]}"


def _required(cloud: Cloud, name: str) -> Json:
    content = read_parameter(cloud, name)
    if content is None:
        raise PlatformError(f"the parameter {name} does not exist", hint="deploy the environment, which writes it")
    return content


def read_parameter(cloud: Cloud, name: str, *, hint: str | None = None) -> Json | None:
    """Read a parameter that holds a JSON object; `None` if it does not exist."""
    try:
        with explained(cloud, f"read the parameter {name}"):
            value = cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    except PlatformError as error:
        if error_code(error.__cause__) == "ParameterNotFound":
            return None
        raise
    try:
        content = json.loads(value)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise PlatformError(f"the parameter {name} must hold a JSON object, got `{value[:80]}`", hint=hint)
    return content
