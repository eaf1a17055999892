"""Does an endpoint run, and do batch jobs take, what the specification and the version make?"""

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
    """Of one endpoint, or of the jobs of a batch blueprint, which take a model as endpoints run a configuration.

    Attributes:
        wanted: name of the configuration that it should run; content decides it.
        running: name of the one that it runs.
        status: as SageMaker says.
        asked: whether somebody named the version; else it is the live one.
        record: what the last release wrote; empty before the first.
        answer: SageMaker's description.
        jobs: whether it is about jobs.
    """

    endpoint: str
    wanted: str
    running: str
    status: str
    version: str
    asked: bool
    record: Json
    answer: Mapping[str, Any]
    jobs: bool = False

    @property
    def settled(self) -> bool:
        return self.status == "InService" and self.running == self.wanted

    @property
    def difference(self) -> str:
        """What is wrong, in a sentence; empty when nothing is."""
        if self.settled:
            return ""
        if self.status != "InService":
            reason = f": {self.answer['FailureReason']}" if self.answer.get("FailureReason") else ""
            return f"the endpoint {self.endpoint} is {self.status}, not InService{reason}"
        what = f"jobs of {self.endpoint} take" if self.jobs else f"the endpoint {self.endpoint} runs"
        words = f"{what} {self.running}, specification and version make {self.wanted}"
        if self.record.get("status") in BAD_ENDS:
            words += f"; the last release {self.record['status']}: {self.record.get('reason', 'no reason given')}"
        return words


def standing(cloud: Cloud, parameter: str) -> Standing:
    """Look at the endpoint whose specification this parameter holds (`…/releases/specs/<blueprint>`)."""
    spec = _required(cloud, parameter)
    record = _parameter(cloud, parameter.replace("/specs/", "/records/")) or {}
    asked = bool(record.get("asked") and record.get("model_package_arn"))
    decides = record if asked else _required(cloud, spec["live_parameter_name"])
    version = decides["model_package_arn"]
    if "jobs_name" in spec:
        return _of_jobs(cloud, spec, record, str(version), asked)
    name = str(spec["endpoint_name"])
    with explained(cloud, f"describe the endpoint {name}"):
        found = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
    return Standing(
        endpoint=name,
        wanted=configuration_name(spec, version),
        running=str(found["EndpointConfigName"]),
        status=str(found["EndpointStatus"]),
        version=str(version),
        asked=asked,
        record=record,
        answer=found,
    )


def _of_jobs(cloud: Cloud, spec: Json, record: Json, version: str, asked: bool) -> Standing:
    name = str(record.get("config_name") or spec["launch_config_name"])
    with explained(cloud, f"describe the model {name}"):
        found = cloud.client("sagemaker").describe_model(ModelName=name)
    wanted = configuration_name(spec, version)
    return Standing(str(spec["jobs_name"]), wanted, name, "InService", version, asked, record, found, jobs=True)


def endpoints(cloud: Cloud, parameters: Mapping[str, str]) -> dict[str, EndpointState]:
    """How endpoints and batch jobs stand, by blueprint; given are the parameters of their specifications."""
    found = {name: standing(cloud, parameter) for name, parameter in parameters.items()}
    return {
        name: EndpointState(
            running=each.running,
            in_service=each.status == "InService",
            version=each.version,
            asked=each.asked,
            difference=each.difference,
            last=str(each.record.get("status", "")),
            jobs=each.jobs,
        )
        for name, each in found.items()
    }


def configuration_name(spec: Mapping[str, Any], version: str) -> str:
    """As the state machine names it, and Terraform what it launches."""
    return f"{spec.get('endpoint_name') or spec['jobs_name']}-{spec['hash']}-v{version.rsplit('/', 1)[-1]}"


def _required(cloud: Cloud, name: str) -> Json:
    found = _parameter(cloud, name)
    if found is None:
        raise PlatformError(f"there is no parameter {name}", hint="deploy the environment, which writes it")
    return found


def _parameter(cloud: Cloud, name: str) -> Json | None:
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
        raise PlatformError(f"the parameter {name} should hold a JSON object, got `{value[:80]}`")
    return content
